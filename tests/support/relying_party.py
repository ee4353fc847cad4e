"""A third-party app for tests: pushes, redirects, redeems and refreshes over HTTP, honestly unless told otherwise."""

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode, urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from joserfc.jwk import ECKey, Key
from werkzeug.test import TestResponse

from authserver.protocol.details.registry import TYPES
from tests.support.authority import CertificateWithKey, common_name, self_signed
from tests.support.deployment import BANK, ISSUER, MTLS_ORIGIN, VAULT, Deployment, authority, random_id
from tests.support.jose import encode, forge, private_key, public_jwk

REDIRECT_URI = "https://app.example/callback"
VERIFIER = "a-verifier-of-forty-three-characters-or-more-0"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
Form = Mapping[str, object]


class Reply(TestResponse):
    """An answer whose JSON a test may look into without asking whether there is any."""

    json: Any


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    return encode(hashlib.sha256(verifier.encode()).digest())


@dataclass
class RelyingParty:
    """One registered client with all it holds; `binding` is `mtls` or `dpop`."""

    deployment: Deployment
    client_id: str
    method: str = "private_key_jwt"
    binding: str = "mtls"
    algorithm: str = "ES256"
    certificate: CertificateWithKey | None = None
    secret: str | None = None
    key: Key = field(default_factory=lambda: private_key("ES256"))
    dpop_key: Key = field(default_factory=lambda: private_key("ES256", "dpop"))
    dpop_nonce: str | None = None
    accept: str | None = None

    def send(
        self,
        path: str,
        form: Form | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        certificate: CertificateWithKey | None = None,
        method: str | None = None,
    ) -> Reply:
        """Send a form, or a GET where there is none, as a proxy would hand it on."""
        sent = dict(headers or {})
        if certificate is not None:
            sent["Client-Cert"] = f":{base64.b64encode(certificate.der).decode()}:"
        client = self.deployment.app.test_client(use_cookies=False)
        encoded = None if form is None else urlencode([*_pairs(form)])
        response = client.open(
            path,
            method=method or ("GET" if form is None else "POST"),
            data=encoded,
            content_type=None if form is None else "application/x-www-form-urlencoded",
            headers=sent,
            base_url=ISSUER,
        )
        return cast("Reply", response)

    def authenticated(self, path: str, form: Form, **changes: object) -> Reply:
        """Send a form with this client's authentication; a change replaces a parameter, and None leaves it out."""
        headers = {} if self.accept is None else {"Accept": self.accept}
        parameters = {**form, **self.credentials(), **changes}
        if self.method == "client_secret_basic":
            headers["Authorization"] = basic(self.client_id, self.secret or "")
        if self.binding == "dpop" and path in {"/token", "/par"}:
            headers["DPoP"] = self.proof("POST", ISSUER + path)
        kept = {name: value for name, value in parameters.items() if value is not None}
        return self.send(path, kept, headers=headers, certificate=self.certificate)

    def credentials(self) -> Form:
        """Return the parameters by which this client authenticates."""
        if self.method == "private_key_jwt":
            return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": self.assertion()}
        if self.method == "client_secret_post":
            return {"client_id": self.client_id, "client_secret": self.secret}
        return {} if self.method == "client_secret_basic" else {"client_id": self.client_id}

    def assertion(self, *, header: Form | None = None, **claims: object) -> str:
        """Return a client assertion; a claim given replaces the honest one, and None leaves it out."""
        now = self.deployment.now
        honest: Form = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "jti": random_id(),
            "iat": now,
            "nbf": now,
            "exp": now + 60,
        }
        body = {name: value for name, value in {**honest, **claims}.items() if value is not None}
        return forge(header or {"alg": self.algorithm, "kid": self.key.thumbprint()}, body, self.key, self.algorithm)

    def proof(
        self,
        method: str,
        url: str,
        *,
        key: Key | None = None,
        header: Form | None = None,
        access_token: str | None = None,
        **claims: object,
    ) -> str:
        """Return a DPoP proof; a claim given replaces the honest one, and None leaves it out."""
        signer = key or self.dpop_key
        honest: dict[str, object] = {"jti": random_id(), "htm": method, "htu": url, "iat": self.deployment.now}
        if access_token is not None:
            honest["ath"] = challenge_of(access_token)
        if self.dpop_nonce is not None:
            honest["nonce"] = self.dpop_nonce
        body = {name: value for name, value in {**honest, **claims}.items() if value is not None}
        algorithm = {"RSA": "PS256", "OKP": "Ed25519"}.get(signer.key_type, "ES256")
        base = {"typ": "dpop+jwt", "alg": algorithm, "jwk": public_jwk(signer)}
        full = {name: value for name, value in {**base, **(header or {})}.items() if value is not None}
        return forge(full, body, signer, algorithm)

    def push(self, **changes: object) -> Reply:
        """Push an authorization request."""
        return self.authenticated("/par", self.request(), **changes)

    def request(self) -> Form:
        """Return the parameters of an honest authorization request."""
        return {
            "response_type": "code",
            "client_id": self.client_id if self.method != "client_secret_basic" else None,
            "redirect_uri": REDIRECT_URI,
            "scope": "openid accounts",
            "state": "state-123",
            "nonce": "nonce-456",
            "code_challenge": challenge_of(VERIFIER),
            "code_challenge_method": "S256",
        }

    def authorization_url(self, **changes: object) -> str:
        """Push a request and return the URL for the browser."""
        response = self.push(**changes)
        assert response.status_code == 201, response.text
        return "/authorize?" + urlencode({"client_id": self.client_id, "request_uri": response.json["request_uri"]})

    def redeem(self, code: str, **changes: object) -> Reply:
        """Redeem a code."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": REDIRECT_URI,
            "code_verifier": VERIFIER,
        }
        return self.authenticated("/token", form, **changes)

    def refresh(self, refresh_token: str, **changes: object) -> Reply:
        """Refresh."""
        return self.authenticated("/token", {"grant_type": "refresh_token", "refresh_token": refresh_token}, **changes)

    def client_credentials(self, **changes: object) -> Reply:
        """Ask for a token of the client's own."""
        return self.authenticated("/token", {"grant_type": "client_credentials"}, **changes)

    def introspect(self, token: str, *, accept: str | None = None, **changes: object) -> Reply:
        """Ask about a token."""
        return replace(self, accept=accept).authenticated("/introspect", {"token": token}, **changes)

    def find_ended(self, *tokens: str, **changes: object) -> Reply:
        """Ask which of several tokens have ended, by their hashes."""
        form = {"token_hashes": " ".join(challenge_of(token) for token in tokens)}
        return self.authenticated("/introspect/ended", form, **changes)

    def revoke(self, token: str, **changes: object) -> Reply:
        """Give a token back."""
        return self.authenticated("/revoke", {"token": token}, **changes)

    def userinfo(self, access_token: str) -> Reply:
        """Ask for claims, with the key the token is bound to."""
        if self.binding == "dpop":
            proof = self.proof("GET", ISSUER + "/userinfo", access_token=access_token)
            return self.send("/userinfo", headers={"Authorization": f"DPoP {access_token}", "DPoP": proof})
        headers = {"Authorization": f"Bearer {access_token}"}
        return self.send("/userinfo", headers=headers, certificate=self.certificate)


def register(deployment: Deployment, client_id: str = "app", **changes: object) -> RelyingParty:
    """Register a third-party app and return it; by default private_key_jwt with certificate-bound tokens."""
    method = str(changes.get("token_endpoint_auth_method", "private_key_jwt"))
    binding = "dpop" if changes.get("dpop_bound_access_tokens") else "mtls"
    algorithm = str(changes.get("token_endpoint_auth_signing_alg", "ES256"))
    key = private_key(algorithm, client_id)
    certificate = authority().issue_client(common_name(client_id), deployment.now) if binding == "mtls" else None
    metadata: dict[str, object] = {
        "client_id": client_id,
        "client_name": "Tiny Ledger",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid profile email accounts payments",
        "authorization_details_types": [] if "resource" in changes or changes.get("profile") == "oidc" else list(TYPES),
        "token_endpoint_auth_method": method,
        "tls_client_certificate_bound_access_tokens": binding == "mtls",
        **changes,
    }
    if method == "private_key_jwt" and "jwks" not in metadata and "jwks_uri" not in metadata:
        metadata["jwks"] = {"keys": [public_jwk(key, kid=key.thumbprint(), use="sig")]}
    if method == "tls_client_auth":
        certificate = authority().issue_client(common_name(client_id), deployment.now)
        metadata.setdefault("tls_client_auth_subject_dn", f"CN={client_id}")
    if method == "self_signed_tls_client_auth":
        certificate = self_signed(common_name(client_id), deployment.now)
        if "jwks_uri" not in metadata:
            metadata["jwks"] = {"keys": [certificate_jwk(certificate)]}
    secret = deployment.add_client(**metadata)
    return RelyingParty(
        deployment, client_id, method, binding, algorithm, certificate=certificate, secret=secret, key=key
    )


def register_bank(deployment: Deployment, **changes: object) -> RelyingParty:
    """Register the bank's API, which takes JWTs and authenticates by its certificate."""
    return register(
        deployment,
        "bank",
        redirect_uris=[],
        grant_types=["client_credentials"],
        token_endpoint_auth_method="tls_client_auth",
        **{
            "scope": "introspection",
            "resource": [BANK],
            "resource_scopes": "accounts payments",
            "authorization_details_types": list(TYPES),
            **changes,
        },
    )


def register_vault(deployment: Deployment, **changes: object) -> RelyingParty:
    """Register another resource server, which takes opaque tokens."""
    return register(
        deployment,
        "vault",
        redirect_uris=[],
        grant_types=["client_credentials"],
        token_endpoint_auth_method="tls_client_auth",
        scope="introspection",
        resource=[VAULT],
        resource_scopes="vault",
        access_token_format="opaque",
        **changes,
    )


def certificate_jwk(credential: CertificateWithKey) -> Form:
    """Return a JWK that carries a certificate, as RFC 8705 §2.2.2 registers it."""
    public = credential.certificate.public_key()
    assert isinstance(public, EllipticCurvePublicKey)
    imported = ECKey.import_key(public)
    return {**imported.as_dict(private=False), "x5c": [base64.b64encode(credential.der).decode()]}


def basic(client_id: str, secret: str) -> str:
    """Return a Basic Authorization header."""
    return "Basic " + base64.b64encode(f"{client_id}:{secret}".encode()).decode()


def answer_of(location: str) -> dict[str, str]:
    """Return the parameters of a redirect to the app."""
    return dict(parse_qsl(urlsplit(location).query, keep_blank_values=True))


def claims_of(token: str) -> dict[str, Any]:
    """Return the claims of a JWT without verifying it."""
    payload = token.split(".")[1]
    claims: dict[str, Any] = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return claims


def _pairs(form: Form) -> list[tuple[str, object]]:
    pairs: list[tuple[str, object]] = []
    for name, value in form.items():
        pairs += [(name, each) for each in value] if isinstance(value, list) else [(name, value)]
    return pairs


MTLS_TOKEN_URL = MTLS_ORIGIN + "/token"
