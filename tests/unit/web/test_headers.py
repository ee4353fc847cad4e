import pytest

from authserver.web.headers import COMMON_HEADERS, content_policy, new_nonce, page_headers


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
        "connect-src": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        "form-action": ["'self'"],
    }
    assert dict(page_headers("n0nce"))["X-Frame-Options"] == "DENY"


def test_each_page_has_its_own_nonce() -> None:
    assert len({new_nonce() for _ in range(100)}) == 100


def test_a_page_that_leads_to_an_app_does_not_say_where_the_app_leads() -> None:
    whole = _directives(content_policy("n0nce"))
    del whole["form-action"]
    assert _directives(content_policy("n0nce", forms_stay=False)) == whole


def test_answers_to_machines_carry_no_content_policy_that_a_page_would_be_held_to() -> None:
    names = {name for name, _ in COMMON_HEADERS}
    assert "Content-Security-Policy" not in names
    assert {"X-Content-Type-Options", "Strict-Transport-Security", "Referrer-Policy"} <= names
