"""Stories of the server itself: its metadata and keys, and clients that act for themselves."""

from collections.abc import Iterator
from typing import Any

from authserver.sandbox.authority import load_credential
from authserver.sandbox.check.context import CheckContext, expect, expect_answer
from authserver.sandbox.credentials import SELF_SIGNED
from authserver.sandbox.third_party.client import OAuthClient
from authserver.sandbox.third_party.http import HttpsClient
from authserver.sandbox.third_party.proofs import read_jwt, thumbprint_of
from authserver.sandbox.third_party.registered import open_ledger_sync, open_till_reporter

_PRIVATE_MEMBERS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


def discovery(scene: CheckContext) -> Iterator[str]:
    """Check that the metadata names what the profile needs, at both well-known places, and that the keys are public."""
    metadata = scene.metadata
    expect(metadata["authorization_response_iss_parameter_supported"] is True, "iss in authorization responses")
    expect(metadata["code_challenge_methods_supported"] == ["S256"], "PKCE with S256 alone")
    expect(metadata["tls_client_certificate_bound_access_tokens"] is True, "certificate-bound tokens")
    aliases = metadata["mtls_endpoint_aliases"]
    expect(all(url.startswith(scene.places.mtls_origin) for url in aliases.values()), "aliases at the mTLS origin")
    expect("authorization_endpoint" not in aliases, "no alias of the authorization endpoint")
    other = scene.https.send("GET", f"{scene.places.issuer}/.well-known/oauth-authorization-server")
    expect(other.json() == metadata, "the same document at both well-known places")
    yield "the metadata is complete, and the same at both well-known places"
    answer = scene.https.send("GET", metadata["jwks_uri"])
    keys: list[dict[str, Any]] = answer.json()["keys"]
    expect(keys and len({key["kid"] for key in keys}) == len(keys), "keys, each with a kid of its own")
    expect(not any(_PRIVATE_MEMBERS & set(key) for key in keys), "public keys alone")
    expect("ES256" in {key["alg"] for key in keys}, "a key for ES256")
    again = scene.https.send("GET", metadata["jwks_uri"], headers={"If-None-Match": answer.headers["etag"]})
    expect(again.status == 304, "304 for a key set that the caller has")  # noqa: PLR2004 - the status itself
    yield "the key set holds public keys alone, and knows who has it already"


def client_credentials(scene: CheckContext) -> Iterator[str]:
    """Check a token that a client gets for itself with a signed assertion, bound to its certificate."""
    tokens = _own_token(scene, scene.penny)
    claims = _claims_of(tokens)
    bound_to = thumbprint_of(load_credential(scene.places.certificates, scene.penny.client_id).der)
    expect(claims["cnf"] == {"x5t#S256": bound_to}, "a token bound to the client's certificate")
    expect(claims["sub"] == claims["client_id"] == scene.penny.client_id, "a token about the client itself")
    expect(tokens["token_type"] == "Bearer" and "refresh_token" not in tokens, "a bearer token without a refresh token")  # noqa: S105 - a token type
    yield "private_key_jwt: a client gets a token for itself, bound to its certificate"
    own = expect_answer(scene.penny.use("GET", scene.places.accounts, tokens["access_token"]), 200)
    expect(own == {"accounts": []}, "no person's accounts for a client by itself")
    yield "the bank lets it in and shows it nobody's accounts"


def certificate_clients(scene: CheckContext) -> Iterator[str]:
    """Check the two kinds of clients that authenticate by certificate, and that no other certificate passes."""
    sync = open_ledger_sync(scene.places, scene.metadata, scene.clock)
    till = open_till_reporter(scene.places, scene.metadata, scene.clock)
    for client, method, name in ((sync, "tls_client_auth", ""), (till, "self_signed_tls_client_auth", SELF_SIGNED)):
        tokens = _own_token(scene, client)
        bound_to = thumbprint_of(load_credential(scene.places.certificates, name or client.client_id).der)
        expect(_claims_of(tokens)["cnf"] == {"x5t#S256": bound_to}, "a token bound to the certificate")
        expect_answer(client.use("GET", scene.places.accounts, tokens["access_token"]), 200)
        yield f"{method}: a client gets a token by its certificate, and uses it with the same"
    sync.https, till.https = till.https, sync.https
    for client in (sync, till):
        expect_answer(client.client_credentials("accounts", scene.places.accounts), 401, "invalid_client")
    sync.https = HttpsClient(scene.places.authority)
    expect_answer(sync.client_credentials("accounts", scene.places.accounts), 401, "invalid_client")
    yield "another client's certificate, or none, is refused"


def _own_token(scene: CheckContext, client: OAuthClient) -> dict[str, Any]:
    return expect_answer(client.client_credentials("accounts", scene.places.accounts), 200)


def _claims_of(tokens: dict[str, Any]) -> dict[str, Any]:
    parsed = read_jwt(tokens["access_token"])
    expect(parsed is not None and parsed[0]["typ"] == "at+jwt", "a JWT of the type at+jwt")
    return parsed[1] if parsed is not None else {}
