"""What a route may ask beyond a good token, in Flask and around a WSGI application: step-up, details, spending once."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from flask import Flask, jsonify
from werkzeug.test import Client, TestResponse

from authserver.binding.mtls import certificate_thumbprint
from authserver.keys.jwks import thumbprint
from authserver.protocol.errors import OAuthError
from authserver.resource.checks import Expectation
from authserver.resource.demand import Demand
from authserver.resource.environ import ApiOrigin, read_request
from authserver.resource.flask_protector import ApiProtector, granted_details
from authserver.resource.guard import Guard, TokenSource
from authserver.resource.local_tokens import LocalTokens
from authserver.resource.refusals import challenge
from authserver.resource.wsgi import ACCESS_TOKEN_KEY, GuardedApplication
from tests.support.authority import NOW
from tests.support.guarded_api import (
    CERTIFICATE,
    ISSUER,
    ORIGIN,
    OTHER_CERTIFICATE,
    PROOF_KEY,
    URL,
    Api,
    bearer,
    dpop,
    local_tokens,
    proof,
    token,
)
from tests.support.jose import encode, public_jwk

SCA = "urn:openbanking:psd2:sca"
PAYMENT = {"type": "payment_initiation", "instructedAmount": {"currency": "EUR", "amount": "125.40"}}
DEMAND = Demand(("accounts",), (SCA,), 300, "payment_initiation")
ENOUGH: dict[str, Any] = {"acr": SCA, "auth_time": NOW - 300, "authorization_details": [PAYMENT]}


class Introspected:
    """What an issuer says of one opaque token, `opaque`."""

    def find_claims(self, _token: str) -> Mapping[str, object]:
        """Return the claims as introspection tells them."""
        return {
            "active": True,
            "iss": ISSUER,
            "aud": URL,
            "sub": "alice",
            "client_id": "planner",
            "scope": "accounts",
            "exp": NOW + 60,
            "cnf": {"x5t#S256": certificate_thumbprint(CERTIFICATE)},
            "acr": "urn:openbanking:psd2:ca",
            "auth_time": NOW,
            "authorization_details": [PAYMENT],
        }


@pytest.fixture(scope="module")
def tokens(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalTokens]:
    """Local validation, with the issuer's keys behind HTTPS."""
    with local_tokens(tmp_path_factory.mktemp("keys")) as source:
        yield source


def _flask(guard: Guard) -> Callable[..., Any]:
    app = Flask("api")
    protector = ApiProtector(guard, ApiOrigin(ORIGIN))

    @app.get("/accounts")
    @protector.require_detail("payment_initiation", "accounts", acr_values=[SCA], max_age=300)
    def pay() -> Any:  # noqa: ANN401 - Flask's
        protector.spend()
        return jsonify([len(granted_details()), granted_details()[0]["type"]])

    return app


def _wsgi(guard: Guard) -> Callable[..., Any]:
    def pay(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        try:
            guard.spend(environ[ACCESS_TOKEN_KEY], read_request(environ, ApiOrigin(ORIGIN)))
        except OAuthError as error:
            refusal = challenge(error)
            start_response(f"{refusal.status} Refused", list(refusal.headers))
            return [refusal.body]
        details = environ[ACCESS_TOKEN_KEY].details_of("payment_initiation")
        start_response("200 OK", [("Content-Type", "application/json")])
        return [f'[{len(details)}, "{details[0]["type"]}"]'.encode()]

    return GuardedApplication(pay, guard, ApiOrigin(ORIGIN), DEMAND)


GLUES = {"flask": _flask, "wsgi": _wsgi}


@pytest.fixture(params=sorted(GLUES))
def build(request: pytest.FixtureRequest) -> Callable[[TokenSource], Api]:
    """Makes the API over a source of tokens, once under each kind of glue."""
    return lambda source: Api(Client(GLUES[request.param](Guard(source, Expectation(ISSUER, URL), lambda: NOW))))


@pytest.fixture
def api(build: Callable[[TokenSource], Api], tokens: LocalTokens) -> Api:
    """The API over local validation."""
    return build(tokens)


def stepping_up(answer: TestResponse) -> str:
    """Return the challenge of an answer that asks for a better sign-in, the only one there is."""
    assert answer.status_code == 401
    assert answer.get_json()["error"] == "insufficient_user_authentication"
    (told,) = answer.headers.getlist("WWW-Authenticate")
    return str(told)


@pytest.mark.spec("RFC9470-3", "RFC9470-5", "RFC9470-6.1")
@pytest.mark.parametrize(
    "lacking",
    [{"acr": "urn:openbanking:psd2:ca"}, {"acr": None}, {"auth_time": NOW - 301}, {"auth_time": None}],
    ids=["one factor", "no acr", "too long ago", "no time"],
)
def test_a_person_who_signed_in_too_weakly_or_long_ago_is_to_sign_in_better(api: Api, lacking: dict[str, Any]) -> None:
    told = stepping_up(api.get(bearer(token(**{**ENOUGH, **lacking})), certificate=CERTIFICATE))
    assert told.startswith("Bearer ")
    assert f'acr_values="{SCA}"' in told
    assert 'max_age="300"' in told
    assert 'error_description="' in told


@pytest.mark.spec("RFC9470-3", "RFC9449-7.1-1")
def test_a_dpop_token_is_told_so_under_its_own_scheme_and_keeps_its_proof(api: Api) -> None:
    bound: dict[str, Any] = {"cnf": {"jkt": thumbprint(public_jwk(PROOF_KEY))}}
    weak, good = token(**bound, **{**ENOUGH, "acr": None}), token(**bound, **ENOUGH)

    def proving(text: str, jti: str) -> list[tuple[str, str]]:
        return dpop(proof(jti=jti, ath=encode(hashlib.sha256(text.encode()).digest())), access_token=text)

    assert stepping_up(api.get(proving(weak, "kept"))).startswith("DPoP algs=")
    assert api.get(proving(good, "kept")).status_code == 200


@pytest.mark.spec("RFC9470-6.2")
def test_what_introspection_tells_counts_like_what_a_jwt_tells(build: Callable[[TokenSource], Api]) -> None:
    assert "acr_values" in stepping_up(build(Introspected()).get(bearer("opaque"), certificate=CERTIFICATE))


@pytest.mark.spec("RFC9470-3")
def test_a_thief_is_told_nothing_of_how_the_person_should_sign_in(api: Api) -> None:
    answer = api.get(bearer(token(**{**ENOUGH, "acr": None})), certificate=OTHER_CERTIFICATE)
    assert answer.get_json()["error"] == "invalid_token"


@pytest.mark.spec("RFC9396-9", "RFC6750-3.1-1")
def test_a_token_without_the_detail_does_not_reach_the_route(api: Api) -> None:
    answer = api.get(bearer(token(**{**ENOUGH, "authorization_details": None})), certificate=CERTIFICATE)
    assert (answer.status_code, answer.get_json()["error"]) == (403, "insufficient_scope")


@pytest.mark.spec("RFC9396-9")
def test_the_route_has_the_granted_details_and_the_token_is_good_once(api: Api) -> None:
    good = bearer(token(**ENOUGH))
    first = api.get(good, certificate=CERTIFICATE)
    assert (first.status_code, first.get_json()) == (200, [1, "payment_initiation"])
    again = api.get(good, certificate=CERTIFICATE)
    assert (again.status_code, again.get_json()["error"]) == (401, "invalid_token")
    assert 'error="invalid_token"' in again.headers["WWW-Authenticate"]
    assert api.get(bearer(token(jti="two", **ENOUGH)), certificate=CERTIFICATE).status_code == 200
