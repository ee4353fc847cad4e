"""Every answer of the UserInfo endpoint, octet for octet: what is told of a person, and each refusal."""

import json
from collections.abc import Mapping

import pytest

from authserver.clock import CLOCKS_APART_SECONDS
from tests.support.deployment import BANK, CLAIMS, ISSUER, Deployment
from tests.support.jose import private_key
from tests.support.login_app import register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, Reply, register

URL = ISSUER + "/userinfo"
_ALGS = 'algs="ES256 PS256 Ed25519 EdDSA"'
_NOT_VALID = ("invalid_token", "The access token is not valid here.")
_NO_SCOPE = ("insufficient_scope", "The access token lacks the scope openid.")
_NOT_REGISTERED = ("insufficient_scope", "The client is not registered for the scope openid.")
_BAD_PROOF = ("invalid_dpop_proof", "The DPoP proof is not valid.")


def _refused(reply: Reply, status: int, error: tuple[str, str]) -> None:
    """Check a refusal in every octet but its correlation id."""
    code, text = error
    body = {"error": code, "error_description": text, "correlation_id": reply.headers["X-Correlation-Id"]}
    challenge = f'error="{code}", error_description="{text}"'
    assert reply.status_code == status
    assert reply.data == json.dumps(body, separators=(",", ":")).encode()
    assert reply.headers.getlist("WWW-Authenticate") == [f"DPoP {_ALGS}, {challenge}", f"Bearer {challenge}"]
    assert (reply.headers["Content-Type"], reply.headers["Cache-Control"]) == ("application/json", "no-store")


def _use(client: RelyingParty, token: str, scheme: str = "DPoP", **changes: object) -> Reply:
    """Use a token honestly: a proof with DPoP, the certificate with Bearer; a change replaces or leaves out."""
    honest: Mapping[str, object] = {
        "Authorization": f"{scheme} {token}",
        "DPoP": client.proof("GET", URL, access_token=token) if scheme == "DPoP" else None,
    }
    headers = {name: str(value) for name, value in {**honest, **changes}.items() if value is not None}
    return client.send("/userinfo", headers=headers, certificate=client.certificate if scheme == "Bearer" else None)


def _token(client: RelyingParty, person: Person, **changes: object) -> str:
    return str(client.redeem(code_of(person.approve(client.authorization_url(**changes)))).json["access_token"])


@pytest.fixture(scope="module")
def dpop(shared: Deployment) -> RelyingParty:
    """A client whose tokens are bound to a DPoP key."""
    return register(shared, "by-proof", dpop_bound_access_tokens=True)


@pytest.fixture(scope="module")
def mtls(shared: Deployment) -> RelyingParty:
    """A client whose tokens are bound to its certificate."""
    return register(shared, "by-certificate")


@pytest.fixture(scope="module")
def plain(shared: Deployment) -> RelyingParty:
    """A log-in app, whose tokens are bound to nothing."""
    return register_login_app(shared, "by-nothing")


@pytest.fixture(scope="module")
def by_proof(dpop: RelyingParty, signed_in: Person) -> str:
    """A token that is bound to a DPoP key."""
    return _token(dpop, signed_in)


@pytest.fixture(scope="module")
def by_certificate(mtls: RelyingParty, signed_in: Person) -> str:
    """A token that is bound to a certificate."""
    return _token(mtls, signed_in)


@pytest.fixture(scope="module")
def by_nothing(plain: RelyingParty, signed_in: Person) -> str:
    """A token that is bound to nothing."""
    return _token(plain, signed_in, scope="openid email profile")


@pytest.mark.spec("OIDCC-5.3.2")
def test_what_is_told_of_a_person(plain: RelyingParty, by_nothing: str) -> None:
    reply = _use(plain, by_nothing, "Bearer")
    told = reply.json
    names = ["name", "given_name", "family_name", "updated_at", "email", "email_verified"]
    assert told == {**{name: CLAIMS[name] for name in names}, "sub": told["sub"]}
    assert reply.data == json.dumps(told, separators=(",", ":")).encode()
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
    assert "WWW-Authenticate" not in reply.headers


@pytest.mark.parametrize("authorization", [None, "", "Basic eDp5", "DPoP", "Bearer  "])
@pytest.mark.spec("RFC6750-3.1-1")
def test_nothing_is_told_where_no_token_came(plain: RelyingParty, authorization: str | None) -> None:
    reply = plain.send("/userinfo", headers={} if authorization is None else {"Authorization": authorization})
    assert reply.status_code == 401
    assert (
        reply.data == json.dumps({"correlation_id": reply.headers["X-Correlation-Id"]}, separators=(",", ":")).encode()
    )
    assert reply.headers.getlist("WWW-Authenticate") == [f"DPoP {_ALGS}", "Bearer"]


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.4-2")
def test_a_token_in_the_query_is_neither_used_nor_complained_of(dpop: RelyingParty, by_proof: str) -> None:
    headers = {"Authorization": f"DPoP {by_proof}", "DPoP": dpop.proof("GET", URL, access_token=by_proof)}
    assert dpop.send("/userinfo?access_token=x", headers=headers).status_code == 200


@pytest.mark.parametrize("token", ["x", "a b", "x, y", "é", "x" * 9000, '"', "=x"])
@pytest.mark.spec("RFC6750-3.1-1")
def test_what_is_no_token_of_ours(plain: RelyingParty, token: str) -> None:
    for scheme in ("Bearer", "DPoP"):
        _refused(plain.send("/userinfo", headers={"Authorization": f"{scheme} {token}"}), 401, _NOT_VALID)


@pytest.mark.spec("RFC8705-3-1", "RFC9449-7.1-2", "RFC9449-7.2-1")
def test_a_token_of_another_key_or_scheme(
    dpop: RelyingParty, by_proof: str, mtls: RelyingParty, by_certificate: str, plain: RelyingParty, by_nothing: str
) -> None:
    thief = dpop.proof("GET", URL, access_token=by_proof, key=private_key("ES256", "thief"))
    other = register(dpop.deployment, "other-app").certificate
    carried = {"Authorization": f"Bearer {by_certificate}"}
    _refused(_use(dpop, by_proof, DPoP=thief), 401, _NOT_VALID)
    _refused(_use(dpop, by_proof, DPoP=None), 401, _BAD_PROOF)
    _refused(_use(dpop, by_proof, "Bearer"), 401, _NOT_VALID)
    _refused(mtls.send("/userinfo", headers=carried), 401, _NOT_VALID)
    _refused(mtls.send("/userinfo", headers=carried, certificate=other), 401, _NOT_VALID)
    _refused(_use(mtls, by_certificate, "DPoP"), 401, _NOT_VALID)
    _refused(_use(plain, by_nothing, "DPoP"), 401, _NOT_VALID)
    assert _use(mtls, by_certificate, "Bearer").status_code == 200


@pytest.mark.spec("RFC9449-11.1-2")
def test_a_proof_a_second_time(dpop: RelyingParty, by_proof: str) -> None:
    proof = dpop.proof("GET", URL, access_token=by_proof)
    assert _use(dpop, by_proof, DPoP=proof).status_code == 200
    _refused(_use(dpop, by_proof, DPoP=proof), 401, _BAD_PROOF)


@pytest.mark.spec("RFC6750-3.1-1", "RFC9068-4-3")
def test_a_token_that_does_not_reach_it(shared: Deployment, dpop: RelyingParty, signed_in: Person) -> None:
    alone = register(shared, "alone", dpop_bound_access_tokens=True, scope="own")
    token = alone.client_credentials().json["access_token"]
    _refused(_use(alone, token), 403, _NO_SCOPE)
    # Which fault is named first, of several at once:
    _refused(_use(alone, token, "Bearer"), 403, _NO_SCOPE)
    _refused(_use(alone, token, DPoP=None), 403, _NO_SCOPE)
    for_bank = _token(dpop, signed_in, resource=BANK)
    _refused(_use(dpop, for_bank), 401, _NOT_VALID)
    _refused(_use(dpop, for_bank, DPoP="x"), 401, _NOT_VALID)


@pytest.mark.spec("OIDCC-5.3.1-1", "RFC9449-5.2-1")
def test_a_registration_that_lets_it_reach_it_no_longer(shared: Deployment, signed_in: Person) -> None:
    narrowed = register(shared, "narrowed", dpop_bound_access_tokens=True)
    token = _token(narrowed, signed_in)
    shared.change_client("narrowed", scope="accounts")
    _refused(_use(narrowed, token), 403, _NOT_REGISTERED)
    _refused(_use(narrowed, token, DPoP=None), 403, _NOT_REGISTERED)
    loose = register_login_app(shared, "loose")
    unbound = _token(loose, signed_in, scope="openid")
    shared.change_client("loose", dpop_bound_access_tokens=True)
    _refused(_use(loose, unbound, "Bearer"), 401, _NOT_VALID)


@pytest.mark.spec("RFC7009-2.1-2", "FAPI2-SP-FINAL-5.3.4-3")
def test_a_token_that_has_ended(deployment: Deployment) -> None:
    client, person = register(deployment, dpop_bound_access_tokens=True), Person(deployment)
    token, revoked = _token(client, person), _token(client, person)
    client.authenticated("/revoke", {"token": revoked})
    _refused(_use(client, revoked), 401, _NOT_VALID)
    deployment.wait(299)
    assert _use(client, token).status_code == 200
    deployment.wait(1)
    _refused(_use(client, token), 401, _NOT_VALID)


def test_a_token_is_good_on_a_node_whose_clock_is_behind_and_on_none_that_is_hours_behind(
    deployment: Deployment,
) -> None:
    client = register(deployment, dpop_bound_access_tokens=True)
    token = _token(client, Person(deployment))
    deployment.wait(-CLOCKS_APART_SECONDS)
    assert _use(client, token).status_code == 200
    deployment.wait(-1)
    _refused(_use(client, token), 401, _NOT_VALID)
