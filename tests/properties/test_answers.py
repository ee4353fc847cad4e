"""Every response mode brings an answer to the redirect URI as it is, and none changes where it leads."""

import html
import re
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.authorization.answers.model import Delivery, OwnPage, Redirect
from authserver.authorization.answers.parameters import to_own_page, with_code, with_refusal
from authserver.authorization.answers.send import ENCODERS, send
from authserver.profiles.catalogue import PROFILES
from authserver.profiles.model import Profile
from authserver.protocol.errors import AccessDenied
from authserver.web.machine.model import MachineResponse
from authserver.web.pages.page import Site, load_pages

PAGES = load_pages(Site("Harbour Bank"))
ISSUER = "https://as.example"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')
_uris = st.sampled_from(["https://app.example/cb", "https://app.example/cb?a=1&b=%20", "app.example:/cb"])
# A browser's form sends a line break as two characters: what a state is posted as is not ours to say.
_texts = st.text(st.characters(blacklist_categories=["Cs", "Cc"]), max_size=40)
redirects = st.builds(
    Redirect,
    redirect_uri=_uris,
    redirect_uri_sent=st.booleans(),
    response_type=st.just("code"),
    response_mode=st.sampled_from(sorted(ENCODERS)),
    state=st.none() | _texts,
)


def _location(response: MachineResponse) -> str:
    assert response.status == 303
    return dict(response.headers)["Location"]


def _received(redirect: Redirect, response: MachineResponse) -> list[tuple[str, str]]:
    """Return what the app receives, and check that it is received at the redirect URI."""
    if redirect.response_mode.startswith("form_post"):
        page = response.body.decode()
        assert f'action="{html.escape(redirect.redirect_uri)}"' in page
        return [(name, html.unescape(value)) for name, value in _HIDDEN.findall(page)]
    location = _location(response)
    assert location.startswith(redirect.redirect_uri)
    parts = urlsplit(location)
    sent, registered = parts.query, urlsplit(redirect.redirect_uri).query
    if redirect.response_mode.startswith("fragment"):
        assert sent == registered
        return parse_qsl(parts.fragment, keep_blank_values=True, strict_parsing=True)
    assert parts.fragment == ""
    return parse_qsl(sent.removeprefix(registered).removeprefix("&"), keep_blank_values=True, strict_parsing=True)


@given(redirects, _texts)
@pytest.mark.spec("RFC6749-4.1.2-4", "RFC9207-2-1", "OAUTH-MRT-2.1", "OAUTH-FORM-POST-2")
def test_a_code_arrives_with_the_state_and_the_issuer(redirect: Redirect, name: str) -> None:
    answer = with_code(redirect, "c0de", ISSUER, name)
    state = [] if redirect.state is None else [("state", redirect.state)]
    assert _received(redirect, send(answer, PAGES)) == [("code", "c0de"), *state, ("iss", ISSUER)]


@given(redirects, _texts)
@pytest.mark.spec("RFC6749-4.1.2.1-2", "RFC9207-2-1")
def test_a_refusal_arrives_with_the_state_and_the_issuer(redirect: Redirect, name: str) -> None:
    answer = with_refusal(redirect, AccessDenied("No.", clause="RFC6749-4.1.2.1"), ISSUER, name)
    state = [] if redirect.state is None else [("state", redirect.state)]
    told = [("error", "access_denied"), ("error_description", "No."), *state, ("iss", ISSUER)]
    assert _received(redirect, send(answer, PAGES)) == told


def test_a_page_of_ours_is_told_of_a_refusal_and_of_nothing_else() -> None:
    page: Delivery = OwnPage(f"{ISSUER}/account")
    refused = with_refusal(page, AccessDenied("No.", clause="RFC6749-4.1.2.1"), ISSUER, "")
    assert dict(parse_qsl(urlsplit(_location(send(refused, PAGES))).query)).keys() == {
        "error",
        "error_description",
        "iss",
    }
    assert _location(send(to_own_page(OwnPage(f"{ISSUER}/account")), PAGES)) == f"{ISSUER}/account?"


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
@pytest.mark.spec("OAUTH-MRT-2.1")
def test_whatever_mode_a_profile_permits_can_be_encoded(profile: Profile) -> None:
    assert profile.response_modes <= ENCODERS.keys()
    assert profile.default_response_mode in profile.response_modes
