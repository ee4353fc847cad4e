"""Whatever is issued is long enough to pass for random, by its own characters alone and every time."""

from urllib.parse import parse_qs, urlsplit

import pytest

from authserver.protocol.handles import new_handle
from authserver.protocol.names import REQUEST_URI_PREFIX
from tests.support.login_app import entropy_bits
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty

LEAST_BITS = 96
LEAST_CHARACTERS = 43


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-4", "RFC6749-10.10-1", "RFC9126-2.2-2", "RFC9126-7.1-1")
def test_a_request_uri_cannot_be_guessed(app: RelyingParty) -> None:
    for _ in range(5):
        request_uri = app.push().json["request_uri"]
        assert request_uri.startswith(REQUEST_URI_PREFIX)
        assert len(request_uri.removeprefix(REQUEST_URI_PREFIX)) >= LEAST_CHARACTERS
        assert entropy_bits(request_uri.removeprefix(REQUEST_URI_PREFIX)) > LEAST_BITS


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-4", "RFC6749-10.10-1")
def test_code_and_tokens_cannot_be_guessed(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    tokens = app.redeem(code).json

    for issued in (code, tokens["access_token"], tokens["refresh_token"]):
        assert len(issued) >= LEAST_CHARACTERS
        assert entropy_bits(issued) > LEAST_BITS


@pytest.mark.spec("FAPI2-SP-FINAL-5.4.1-4", "RFC6749-10.10-1")
def test_no_handle_of_ours_ever_looks_guessable() -> None:
    handles = {new_handle() for _ in range(5000)}

    assert len(handles) == 5000
    assert min(entropy_bits(handle) for handle in handles) > LEAST_BITS


@pytest.mark.spec("RFC9126-7.1-1", "RFC6749-10.10-1")
def test_the_interaction_in_a_pages_url_cannot_be_guessed(app: RelyingParty, alice: Person) -> None:
    alice.open(app.authorization_url())
    page = alice.browser.get(app.authorization_url(), base_url="https://localhost:8443")

    interaction = parse_qs(urlsplit(page.headers["Location"]).query)["interaction"][0]
    assert entropy_bits(interaction) > LEAST_BITS
