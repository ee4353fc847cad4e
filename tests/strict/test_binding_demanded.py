"""Which binding a client registered is the one that its tokens have, whatever else a request brings."""

from typing import Any

import pytest

from authserver.clients.registration import prepare_registration
from authserver.clients.store import find_client, replace_metadata
from authserver.protocol.errors import InvalidClientMetadata
from tests.support.deployment import ISSUER, Deployment
from tests.support.grants import make_code, make_refresh_token
from tests.support.login_app import plain_url, register_login_app
from tests.support.person import Person
from tests.support.refusals import refusal
from tests.support.relying_party import REDIRECT_URI, VERIFIER, RelyingParty, answer_of, claims_of, register

REFUSED = (400, "invalid_request")


@pytest.fixture(scope="module")
def app(shared: Deployment) -> RelyingParty:
    """An app whose tokens are bound to its certificate."""
    return register(shared)


def token_request(app: RelyingParty, form: dict[str, object], *, proof: bool = True) -> Any:  # noqa: ANN401 - a response
    """Send a token request with the app's certificate, and with a DPoP proof unless told otherwise."""
    headers = {"DPoP": app.proof("POST", f"{ISSUER}/token")} if proof else {}
    return app.send("/token", {**form, **app.credentials()}, headers=headers, certificate=app.certificate)


@pytest.mark.spec("RFC8705-3.4")
def test_a_proof_takes_no_token_from_the_certificate_at_any_grant_type(shared: Deployment, app: RelyingParty) -> None:
    redeeming = {"code": make_code(shared, "app"), "redirect_uri": REDIRECT_URI, "code_verifier": VERIFIER}
    forms: tuple[dict[str, object], ...] = (
        {"grant_type": "client_credentials", "scope": "accounts"},
        {"grant_type": "authorization_code", **redeeming},
        {"grant_type": "refresh_token", "refresh_token": make_refresh_token(shared, "app")},
    )
    for form in forms:
        refused = token_request(app, form)
        assert refusal(refused) == REFUSED
        assert "certificate" in refused.json["error_description"]
        answer = token_request(app, form, proof=False).json
        assert set(claims_of(answer["access_token"])["cnf"]) == {"x5t#S256"}


@pytest.mark.spec("RFC8705-3.4", "RFC9449-10.1")
def test_no_code_is_bound_to_a_dpop_key_that_its_tokens_could_not_have(app: RelyingParty) -> None:
    assert refusal(app.push(dpop_jkt=app.dpop_key.thumbprint())) == REFUSED
    form = {**app.request(), **app.credentials()}
    proven = app.send("/par", form, headers={"DPoP": app.proof("POST", f"{ISSUER}/par")}, certificate=app.certificate)
    assert refusal(proven) == REFUSED
    assert app.push().status_code == 201


@pytest.mark.spec("RFC8705-3.4")
def test_a_plain_app_that_is_bound_to_a_certificate_is_told_at_its_redirect_uri(shared: Deployment) -> None:
    bound = register_login_app(shared, "plain", tls_client_certificate_bound_access_tokens=True)
    location = Person(shared).open(plain_url(bound, dpop_jkt=bound.dpop_key.thumbprint())).headers["Location"]
    assert answer_of(location)["error"] == "invalid_request"


@pytest.mark.spec("RFC9449-5.2")
def test_a_certificate_takes_no_token_from_the_proof(shared: Deployment, app: RelyingParty) -> None:
    dpop_app = register(shared, "dpop-app", dpop_bound_access_tokens=True)
    dpop_app.certificate = app.certificate
    form: dict[str, object] = {"grant_type": "client_credentials", "scope": "accounts"}
    assert refusal(token_request(dpop_app, form, proof=False)) == (400, "invalid_dpop_proof")
    answer = token_request(dpop_app, form).json
    assert claims_of(answer["access_token"])["cnf"] == {"jkt": dpop_app.dpop_key.thumbprint()}


@pytest.mark.spec("RFC9449-5.2", "RFC8705-3.4")
def test_one_binding_is_registered_and_two_that_were_stored_before_mean_the_proof(shared: Deployment) -> None:
    both = {"tls_client_certificate_bound_access_tokens": True, "dpop_bound_access_tokens": True}
    document = {
        "redirect_uris": ["https://app.example/callback"],
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_dns": "app.example",
        **both,
    }
    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration(document, default_profile="fapi2")
    assert refused.value.member == "tls_client_certificate_bound_access_tokens"

    old = register(shared, "old", dpop_bound_access_tokens=True)
    with shared.database.transaction() as connection:
        record = find_client(connection, "old")
        assert record is not None
        replace_metadata(connection, "old", {**record.metadata, **both})
    shared.app.extensions["authserver"].registry.forget("old")
    form: dict[str, object] = {"grant_type": "client_credentials", "scope": "accounts"}
    assert refusal(token_request(old, form, proof=False)) == (400, "invalid_dpop_proof")
    assert set(claims_of(token_request(old, form).json["access_token"])["cnf"]) == {"jkt"}
