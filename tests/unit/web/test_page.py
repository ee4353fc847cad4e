import re

import pytest

from authserver.assets import find_assets
from authserver.protocol import errors
from authserver.web.machine.model import MachineResponse
from authserver.web.pages.formats import duration, initials, long_date
from authserver.web.pages.page import Pages, Site, load_pages

PAGES: Pages = load_pages(Site("Harbour <Bank>"))


def _text(response: MachineResponse) -> str:
    return response.body.decode()


@pytest.mark.parametrize(
    "error",
    [
        errors.InvalidRequest("The scope is malformed.", clause="RFC6749-3.3"),
        errors.InvalidRequestUri("The request_uri was already used.", clause="RFC9126-7.3"),
        errors.AccessDenied("The person did not allow it.", clause="RFC6749-4.1.2.1"),
        errors.TooManyRequests(95, reason="over"),
        errors.ServerError("The server could not answer.", clause="RFC6749-5.2"),
    ],
)
def test_an_error_page_names_the_code_and_the_correlation_id(error: errors.OAuthError) -> None:
    response = PAGES.error(error, "c0ffee")
    assert response.status == error.status
    for needed in ("Authorization error", error.code, error.description, "c0ffee", "<title>Error: "):
        assert needed in _text(response)
    assert error.reason == error.description or error.reason not in _text(response)


def test_too_many_attempts_say_how_long_to_wait() -> None:
    response = PAGES.error(errors.TooManyRequests(95, reason="over"), "c0ffee")
    assert "Wait 2 minutes" in _text(response)
    assert dict(response.headers)["Retry-After"] == "95"


def test_a_page_is_kept_by_no_cache_and_carries_its_nonce_in_the_policy_alone_it_serves() -> None:
    values = {"app_name": "App", "redirect_uri": "https://app.example/cb", "parameters": [("state", '"><script>')]}
    response = PAGES.render("interaction/form_post.html", values, forms_stay=False)
    headers = dict(response.headers)
    nonce = re.search(r'<script nonce="([^"]+)">', _text(response))
    assert headers["Cache-Control"] == "no-store"
    assert nonce is not None
    assert f"script-src 'nonce-{nonce[1]}'" in headers["Content-Security-Policy"]
    assert "form-action" not in headers["Content-Security-Policy"]
    assert _text(response).count("<script") == 1


def test_every_value_on_a_page_is_escaped() -> None:
    response = PAGES.error(errors.InvalidRequest("x <script> y", clause="RFC6749-3.3"), "<script>")
    assert "<script>" not in _text(response)
    assert "Harbour &lt;Bank&gt;" in _text(response)


def test_a_name_missing_from_a_page_is_a_fault() -> None:
    with pytest.raises(Exception, match="undefined"):
        PAGES.render("interaction/form_post.html", {})


def test_static_files_are_served_under_their_hash_alone_and_kept_for_good() -> None:
    url = PAGES.static.urls["authserver.css"]
    assert re.fullmatch(r"/static/authserver\.[0-9a-f]{16}\.css", url)
    answer = PAGES.static.answer(url.removeprefix("/static/"))
    assert answer.body == (find_assets("templates") / "static" / "authserver.css").read_bytes()
    assert "immutable" in dict(answer.headers)["Cache-Control"]
    for name in ("authserver.css", "../base.html", "authserver.0000000000000000.css"):
        assert PAGES.static.answer(name).status == 404


def test_nothing_in_templates_or_styles_is_loaded_from_elsewhere() -> None:
    for path in find_assets("templates").rglob("*"):
        if path.suffix in {".html", ".css"}:
            text = path.read_text()
            assert not re.search(r"""(src|href)=["'](https?:)?//|@import|[^_]url\(|style=|\son\w+=""", text), path


def test_no_template_speaks_jargon_to_a_person() -> None:
    pages = {*find_assets("templates").rglob("*.html")}
    for path in pages - {*find_assets("templates").glob("sandbox/*")}:  # those explain the protocol to developers
        spoken = " ".join(re.findall(r'_\("([^"]*)"', path.read_text()))
        assert not re.search(r"\b(OAuth|OIDC|tokens?|scopes?|client|please)\b|!", spoken, re.IGNORECASE), path


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 seconds"), (1, "1 second"), (60, "1 minute"), (61, "2 minutes"), (3600, "1 hour"), (90_000, "2 days")],
)
def test_a_length_of_time_is_said_in_its_largest_unit(seconds: int, text: str) -> None:
    assert duration(seconds) == text


def test_days_have_their_month_in_letters() -> None:
    assert long_date(1_700_000_000) == "14 November 2023"


@pytest.mark.parametrize(
    ("name", "text"),
    [("Tiny Ledger", "TL"), ("one", "O"), ("(a) b c d", "BC"), ("", "?"), ("!!", "?"), ("Élan vital", "ÉV")],
)
def test_initials_stand_for_a_logo(name: str, text: str) -> None:
    assert initials(name) == text
