import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.web.headers import COMMON_HEADERS, content_policy, form_action_source, new_nonce, page_headers


def _directives(policy: str) -> dict[str, list[str]]:
    return {name: sources for name, *sources in (directive.split() for directive in policy.split(";"))}


@pytest.mark.spec("RFC9700-4.16", "RFC6749-10.13")
def test_a_page_loads_nothing_from_elsewhere_and_no_page_can_frame_it() -> None:
    directives = _directives(content_policy("n0nce"))
    assert directives == {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "script-src": ["'nonce-n0nce'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
    assert dict(page_headers("n0nce"))["X-Frame-Options"] == "DENY"


def test_each_page_has_its_own_nonce() -> None:
    assert len({new_nonce() for _ in range(100)}) == 100


@pytest.mark.parametrize(
    ("uri", "source"),
    [
        ("https://app.example/cb?x=1", "https://app.example"),
        ("https://app.example:8443/cb", "https://app.example:8443"),
        ("http://127.0.0.1:51004/cb", "http://127.0.0.1:51004"),
        ("https://user@app.example/cb", ""),
        ("com.example.app:/cb", "com.example.app:"),
        ("http://[::1]:9000/cb", "http:"),
        ("/only/a/path", ""),
        ("https://[broken/cb", ""),
        ("https://a.example;script-src *", ""),
        ("https://a.example 'unsafe-inline'", ""),
    ],
)
def test_a_form_may_lead_to_the_origin_of_a_redirect_uri(uri: str, source: str) -> None:
    assert form_action_source(uri) == source


@given(st.text())
def test_no_redirect_uri_adds_a_directive_or_a_line(uri: str) -> None:
    policy = content_policy("n", [uri, f"https://{uri}", f"{uri}://x"])
    assert list(_directives(policy)) == list(_directives(content_policy("n")))
    assert policy.isascii()
    assert policy.isprintable()


def test_answers_to_machines_carry_no_content_policy_that_a_page_would_be_held_to() -> None:
    names = {name for name, _ in COMMON_HEADERS}
    assert "Content-Security-Policy" not in names
    assert {"X-Content-Type-Options", "Strict-Transport-Security", "Referrer-Policy"} <= names
