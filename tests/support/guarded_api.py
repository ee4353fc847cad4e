"""A guarded API's requests as its clients send them: tokens by a real key, proofs forged in every way."""

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from joserfc.jwk import Key
from werkzeug.test import Client, TestResponse

from authserver.binding.mtls import certificate_thumbprint
from authserver.keys.jwks import thumbprint
from authserver.keys.remote import RemoteKeys
from authserver.outbound.fetch import SafeFetcher
from authserver.resource.local_tokens import LocalTokens
from tests.support.authority import NOW, common_name, self_signed
from tests.support.jose import encode, forge, private_key, public_jwk
from tests.support.key_server import key_server

ORIGIN = "https://api.example"
URL = f"{ORIGIN}/accounts"
ISSUER = "https://as.example"
CERTIFICATE, OTHER_CERTIFICATE = (self_signed(common_name(name), NOW).der for name in ("app", "another"))
PROOF_KEY = private_key("ES256", "proof")


@dataclass(frozen=True, slots=True)
class Connection:
    """A TLS connection as gunicorn hands it on."""

    der: bytes

    def getpeercert(self, _binary: bool) -> bytes:  # noqa: FBT001 - the signature of every TLS socket
        return self.der


@dataclass(frozen=True, slots=True)
class Api:
    """The guarded API under one kind of glue."""

    client: Client

    def get(self, headers: list[tuple[str, str]] | None = None, url: str = "/accounts", **options: Any) -> TestResponse:  # noqa: ANN401 - whatever werkzeug takes
        certificate = options.pop("certificate", None)
        environ = {"gunicorn.socket": Connection(certificate)} if certificate else {}
        return self.client.get(url, headers=headers or [], environ_overrides=environ, **options)


@contextmanager
def local_tokens(folder: Path) -> Iterator[LocalTokens]:
    """Run local validation, with the issuer's keys behind HTTPS."""
    with key_server(folder) as server:
        jwks = {"keys": [public_jwk(private_key("ES256", "issuer"), kid="issuer", alg="ES256", use="sig")]}
        server.serve(json.dumps(jwks).encode())
        fetcher = SafeFetcher(
            allow=frozenset({server.authority}), ca_file=server.ca_file, resolve=lambda _host, _port: ["127.0.0.1"]
        )
        yield LocalTokens(server.url, RemoteKeys(fetcher, lambda: NOW))


def token(*, header: dict[str, object] | None = None, key: Key | None = None, **changes: object) -> str:
    """A token for the API, bound to the certificate, but for what is changed; None takes a claim away."""
    claims: dict[str, object] = {
        "iss": ISSUER,
        "aud": URL,
        "sub": "alice",
        "client_id": "planner",
        "scope": "openid accounts",
        "jti": "one",
        "iat": NOW,
        "exp": NOW + 300,
        "cnf": {"x5t#S256": certificate_thumbprint(CERTIFICATE)},
        **changes,
    }
    present = {name: value for name, value in claims.items() if value is not None}
    signed_header = {"alg": "ES256", "typ": "at+jwt", "kid": "issuer", **(header or {})}
    return forge(signed_header, present, key or private_key("ES256", "issuer"), "ES256")


DPOP_TOKEN = token(cnf={"jkt": thumbprint(public_jwk(PROOF_KEY))})
_JTIS = iter(range(1_000_000))


def proof(
    *, header: dict[str, object] | None = None, key: Key | None = None, algorithm: str = "ES256", **changes: object
) -> str:
    """A proof for the API and the DPoP token, but for what is changed; None takes a member away."""
    signer = key or PROOF_KEY
    claims = {
        "jti": f"jti-{next(_JTIS)}",
        "htm": "GET",
        "htu": URL,
        "iat": NOW,
        "ath": encode(hashlib.sha256(DPOP_TOKEN.encode()).digest()),
        **changes,
    }
    members = {"typ": "dpop+jwt", "alg": algorithm, "jwk": public_jwk(signer), **(header or {})}
    return forge(
        {name: value for name, value in members.items() if value is not None},
        {name: value for name, value in claims.items() if value is not None},
        signer,
        algorithm,
    )


def dpop(*proofs: str, scheme: str = "DPoP", access_token: str = DPOP_TOKEN) -> list[tuple[str, str]]:
    """Headers that present a token with proofs."""
    return [("Authorization", f"{scheme} {access_token}"), *(("DPoP", text) for text in proofs)]


def bearer(text: str) -> list[tuple[str, str]]:
    """Headers that present a token alone."""
    return [("Authorization", f"Bearer {text}")]
