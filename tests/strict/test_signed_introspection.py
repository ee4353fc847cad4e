"""Signed answers of introspection (RFC 9701): the same facts, for the same eyes, as a JWT that is no access token."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from authserver.binding.dpop import token_hash
from authserver.protocol.errors import InvalidClientMetadata
from tests.support.deployment import ISSUER, VAULT, Deployment
from tests.support.endings import disable_client, lock_person
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, Reply, register, register_bank, register_vault

SIGNED = "application/token-introspection+jwt"
INACTIVE = {"active": False}
ALGORITHMS = ["ES256", "PS256", "Ed25519"]


@pytest.fixture
def bank(deployment: Deployment) -> RelyingParty:
    """The bank's API, which takes JWTs."""
    return register_bank(deployment)


@pytest.fixture
def vault(deployment: Deployment) -> RelyingParty:
    """Another resource server, which takes opaque tokens."""
    return register_vault(deployment)


@pytest.fixture
def client(deployment: Deployment, bank: RelyingParty, vault: RelyingParty) -> RelyingParty:  # noqa: ARG001  they must be there for it to name them
    """An app that uses both."""
    return register(deployment, scope="openid email accounts vault")


@pytest.fixture
def tokens(client: RelyingParty, alice: Person) -> dict[str, str]:
    """What the app got for Alice's accounts."""
    return dict(client.redeem(code_of(alice.approve(client.authorization_url()))).json)


def verified(reply: Reply, asker: RelyingParty, algorithm: str = "ES256") -> dict[str, Any]:
    """Return the claims of a signed answer, verified by the published keys and by a library that is not ours."""
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, SIGNED)
    keys = KeySet.import_key_set(json.loads(asker.send("/jwks").data))
    decoded = jwt.decode(reply.text, keys, algorithms=[algorithm])
    assert decoded.header == {"alg": algorithm, "typ": "token-introspection+jwt", "kid": decoded.header["kid"]}
    return dict(decoded.claims)


@pytest.mark.spec("RFC9701-4-1", "RFC9701-5-1", "RFC9701-5-2", "RFC9701-5-3", "RFC9701-5-6", "FAPI2-MS-FINAL-5.5")
def test_the_answer_is_signed_for_whoever_asked_and_holds_what_json_would(
    deployment: Deployment, bank: RelyingParty, tokens: dict[str, str]
) -> None:
    reply = bank.introspect(tokens["access_token"], accept=SIGNED)
    claims = verified(reply, bank)
    plain = bank.introspect(tokens["access_token"]).json

    assert set(claims) == {"iss", "aud", "iat", "ath", "token_introspection"}
    assert claims["ath"] == token_hash(tokens["access_token"])
    assert (claims["iss"], claims["aud"], claims["iat"]) == (ISSUER, "bank", deployment.now)
    assert claims["token_introspection"] == plain
    assert plain["active"] is True
    assert "no-store" in reply.headers["Cache-Control"]


@pytest.mark.spec("RFC9701-5-4", "RFC9701-8.1-1", "RFC9068-5-2")
def test_it_cannot_pass_for_an_access_token(client: RelyingParty, bank: RelyingParty, tokens: dict[str, str]) -> None:
    reply = bank.introspect(tokens["access_token"], accept=SIGNED)
    assert not {"sub", "exp", "scope", "client_id", "jti", "cnf"} & set(verified(reply, bank))
    assert client.userinfo(reply.text).status_code == 401
    assert bank.introspect(reply.text).json == INACTIVE


@pytest.mark.spec("RFC9701-5-5", "RFC9701-5-7")
def test_of_a_token_for_another_nothing_is_told_and_that_is_signed_too(
    bank: RelyingParty, vault: RelyingParty, client: RelyingParty, tokens: dict[str, str]
) -> None:
    opaque = client.client_credentials(scope="vault", resource=VAULT).json["access_token"]
    assert verified(vault.introspect(opaque, accept=SIGNED), vault)["token_introspection"]["aud"] == VAULT
    assert verified(bank.introspect(opaque, accept=SIGNED), bank)["token_introspection"] == INACTIVE
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert verified(client.introspect(token, accept=SIGNED), client)["token_introspection"] == INACTIVE
    assert verified(bank.introspect("x" * 9000, accept=SIGNED), bank)["token_introspection"] == INACTIVE


@pytest.mark.spec("RFC9701-5-5", "RFC9701-5-7")
def test_of_a_token_for_several_each_is_told_only_of_itself(
    bank: RelyingParty, vault: RelyingParty, client: RelyingParty
) -> None:
    token = client.client_credentials(scope="accounts vault").json["access_token"]
    for asker, scope in ((bank, "accounts"), (vault, "vault")):
        assert verified(asker.introspect(token, accept=SIGNED), asker)["token_introspection"]["scope"] == scope


@pytest.mark.parametrize("ending", ["expired", "revoked", "locked", "client disabled"])
@pytest.mark.spec("RFC9701-5-5")
def test_a_token_that_has_ended_is_inactive_and_no_more(
    client: RelyingParty, bank: RelyingParty, tokens: dict[str, str], ending: str
) -> None:
    endings: dict[str, Callable[[], object]] = {
        "expired": lambda: bank.deployment.wait(300),
        "revoked": lambda: client.revoke(tokens["access_token"]),
        "locked": lambda: lock_person(bank.deployment),
        "client disabled": lambda: disable_client(bank.deployment, client.client_id),
    }
    endings[ending]()
    assert verified(bank.introspect(tokens["access_token"], accept=SIGNED), bank)["token_introspection"] == INACTIVE


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.spec("RFC9701-6-1", "FAPI2-SP-FINAL-5.4.1-1.2")
def test_it_is_signed_by_the_algorithm_that_the_resource_server_registered(
    deployment: Deployment, algorithm: str
) -> None:
    vault = register_vault(deployment, introspection_signed_response_alg=algorithm)
    token = register(deployment, scope="vault").client_credentials(resource=VAULT).json["access_token"]
    told = verified(vault.introspect(token, accept=SIGNED), vault, algorithm)["token_introspection"]
    assert told["active"] is True


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256", "ES384", ""])
@pytest.mark.spec("RFC9701-6-1", "FAPI2-SP-FINAL-5.4.1-1.2", "FAPI2-SP-FINAL-5.4.1-1.3")
def test_no_weaker_algorithm_can_be_registered(deployment: Deployment, algorithm: str) -> None:
    with pytest.raises(InvalidClientMetadata, match="permits") as refused:
        register_vault(deployment, introspection_signed_response_alg=algorithm)
    assert refused.value.clause == "FAPI2-SP-FINAL-5.4.1-1"


@pytest.mark.parametrize("member", ["introspection_encrypted_response_alg", "introspection_encrypted_response_enc"])
@pytest.mark.spec("RFC9701-6-2")
def test_encrypted_answers_are_refused_at_registration_and_not_sent_in_the_clear(
    deployment: Deployment, member: str
) -> None:
    with pytest.raises(InvalidClientMetadata, match="not encrypted") as refused:
        register_vault(deployment, **{member: "ECDH-ES"})
    assert refused.value.clause == "RFC9701-6"


@pytest.mark.spec("RFC9701-7-1")
def test_the_metadata_names_the_algorithms_and_no_encryption(deployment: Deployment) -> None:
    document = register(deployment).send("/.well-known/oauth-authorization-server").json
    assert document["introspection_signing_alg_values_supported"] == ["ES256", "Ed25519", "PS256", "RS256"]
    assert not [name for name in document if name.startswith("introspection_encryption")]


@pytest.mark.parametrize(
    ("accept", "signed"),
    [
        (SIGNED, True),
        (SIGNED.upper(), True),
        (f"{SIGNED}, application/json;q=0.5", True),
        (f"application/json, {SIGNED}", True),
        (f"text/html, {SIGNED};q=0.9", True),
        (f"application/json, {SIGNED};q=0.5", False),
        (f"{SIGNED};q=0", False),
        (f"{SIGNED};q=0, */*", False),
        (f"{SIGNED};q=7", False),
        ("application/json", False),
        ("application/jwt", False),
        ("application/token-introspection+jwts", False),
        ("*/*", False),
        ("application/*", False),
        ("text/html", False),
        (",;=q,/", False),
        ("", False),
    ],
)
@pytest.mark.spec("RFC9701-4-1", "RFC9110-12.5.1")
def test_it_is_sent_to_those_who_ask_for_it_and_json_to_all_others(
    bank: RelyingParty, accept: str, *, signed: bool
) -> None:
    reply = bank.introspect("x", accept=accept)
    if signed:
        assert verified(reply, bank)["token_introspection"] == INACTIVE
    else:
        assert (reply.status_code, reply.headers["Content-Type"], reply.json) == (200, "application/json", INACTIVE)


@pytest.mark.spec("RFC9701-4-2", "RFC7662-2.3-1")
def test_whoever_does_not_authenticate_gets_no_signature(deployment: Deployment, bank: RelyingParty) -> None:
    reply = bank.send("/introspect", {"token": "x"}, headers={"Accept": SIGNED})
    assert refusal(reply) == (401, "invalid_client")
    disable_client(deployment, bank.client_id)
    assert refusal(bank.introspect("x", accept=SIGNED)) == (401, "invalid_client")
    assert refusal(bank.introspect("", accept=SIGNED)) == (401, "invalid_client")
