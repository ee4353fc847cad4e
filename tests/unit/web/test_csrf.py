import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.protocol.errors import InvalidRequest
from authserver.web.pages.csrf import CsrfProtection, came_from_elsewhere, csrf_token, is_own_token

KEY = b"k" * 32
ORIGIN = "https://as.example"
GUARD = CsrfProtection(KEY, frozenset({ORIGIN}))


@given(st.text(), st.text(min_size=1), st.text(min_size=1), st.text())
def test_a_token_belongs_to_one_cookie_and_one_purpose(purpose: str, cookie: str, other: str, junk: str) -> None:
    cookie, other, purpose, junk = (text.encode("utf-8", "ignore").decode() for text in (cookie, other, purpose, junk))
    token = csrf_token(KEY, cookie, purpose)
    assert is_own_token(token, KEY, cookie, purpose) is bool(cookie)
    assert cookie == other or not is_own_token(token, KEY, other, purpose)
    assert not is_own_token(token, KEY, cookie, purpose + "x")
    assert not is_own_token(token, b"o" * 32, cookie, purpose)
    assert junk == token or not is_own_token(junk, KEY, cookie, purpose)


def test_moving_a_character_from_cookie_to_purpose_changes_the_token() -> None:
    assert csrf_token(KEY, "ab", "c") != csrf_token(KEY, "a", "bc")


def test_without_a_cookie_even_the_right_token_proves_nothing() -> None:
    assert not is_own_token(csrf_token(KEY, "", "p"), KEY, "", "p")


@pytest.mark.parametrize("token", ["", "é", "\ud800", "x" * 100_000])
def test_a_token_of_odd_text_is_refused(token: str) -> None:
    assert not is_own_token(token, KEY, "cookie", "p")


@pytest.mark.parametrize(
    ("headers", "elsewhere"),
    [
        ({}, False),
        ({"origin": ORIGIN}, False),
        ({"origin": "null", "sec-fetch-site": "same-origin"}, False),
        ({"sec-fetch-site": "none"}, False),
        ({"origin": "https://evil.example"}, True),
        ({"origin": "https://as.example.evil.example"}, True),
        ({"origin": "http://as.example"}, True),
        ({"sec-fetch-site": "cross-site"}, True),
        ({"sec-fetch-site": "same-site"}, True),
        ({"origin": ORIGIN, "sec-fetch-site": "cross-site"}, True),
        ({"origin": ""}, True),
    ],
)
def test_the_browsers_own_word_on_the_sender_is_heard(headers: dict[str, str], *, elsewhere: bool) -> None:
    assert came_from_elsewhere(headers, frozenset({ORIGIN})) is elsewhere


@pytest.mark.spec("RFC6749-10.12", "RFC9700-4.7")
def test_a_form_needs_both_the_token_and_an_honest_sender() -> None:
    token = GUARD.token("cookie", "login")
    GUARD.check(token, "cookie", "login", {"origin": ORIGIN})
    with pytest.raises(InvalidRequest, match="not sent from our page"):
        GUARD.check(token, "cookie", "login", {"origin": "https://evil.example"})
    with pytest.raises(InvalidRequest, match="not sent from our page"):
        GUARD.check(token, "other", "login", {"origin": ORIGIN})


def test_the_key_is_not_in_the_representation() -> None:
    assert "kkk" not in repr(GUARD)
