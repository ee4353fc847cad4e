import pytest

from authserver.protocol.errors import UnreadableCookies
from authserver.web.pages.cookies import (
    BROWSER_COOKIE,
    SESSION_COOKIE,
    check_cookies,
    clear_cookie,
    read_cookie,
    set_cookie,
)


@pytest.mark.spec("ASVS5-3.3.1", "ASVS5-3.3.2", "ASVS5-3.3.4")
@pytest.mark.parametrize("name", [SESSION_COOKIE, BROWSER_COOKIE])
def test_a_cookie_is_bound_to_this_host_and_hidden_from_scripts(name: str) -> None:
    header, value = set_cookie(name, "abc")
    assert header == "Set-Cookie"
    pair, *attributes = value.split("; ")
    assert pair == f"__Host-{name.removeprefix('__Host-')}=abc"
    assert set(attributes) == {"Path=/", "Secure", "HttpOnly", "SameSite=Lax"}


def test_clearing_keeps_the_attributes_that_the_prefix_demands() -> None:
    assert clear_cookie(SESSION_COOKIE)[1].split("; ")[1:] == [
        "Path=/",
        "Secure",
        "HttpOnly",
        "SameSite=Lax",
        "Max-Age=0",
    ]


@pytest.mark.parametrize("value", ["", "a b", "a;b", "a\r\nSet-Cookie: x=y", "é", "x" * 257])
def test_no_other_text_becomes_a_cookie(value: str) -> None:
    with pytest.raises(ValueError, match="cookie value"):
        set_cookie(SESSION_COOKIE, value)


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("__Host-session=abc", "abc"),
        ("theme=dark; __Host-session=abc; other=1", "abc"),
        ("", ""),
        ("session=abc", ""),
        ("__Host-session=", ""),
        ("__Host-session=a=b", ""),
        ('__Host-session="abc"', ""),
        ("__Host-session=abc; __Host-session=def", ""),
        ("__Host-session=abc;" + "x" * 20_000, ""),
    ],
)
def test_a_cookie_is_read_only_when_it_is_whole_and_single(header: str, value: str) -> None:
    assert read_cookie(header, SESSION_COOKIE) == value


@pytest.mark.parametrize("header", ["", " ", ";", ",", "; ,", "a=b; " * 4000])
def test_cookies_of_which_none_can_be_read_are_not_taken_for_none_at_all(header: str) -> None:
    with pytest.raises(UnreadableCookies):
        check_cookies(header)


@pytest.mark.parametrize("header", [None, "a=b", "other=caf\u00e9; __Host-session=a"])
def test_cookies_of_which_some_can_be_read_pass(header: str | None) -> None:
    check_cookies(header)
