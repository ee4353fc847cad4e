"""The clients of the bench: what they hold, and the requests they send as a TLS proxy would hand them on."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import urlencode

import orjson
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from joserfc.jwk import ECKey

from authserver.sandbox.authority import Authority, CertificateWithKey, common_name

ISSUER = "https://localhost:8443"
BANK = "https://bank.example/"
REDIRECT_URI = "https://app.example/callback"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 300
_COORDINATE_BYTES = 32
VERIFIER = "a-verifier-of-forty-three-characters-or-more-0"
CODE_CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
JSON_TYPE = "application/json"
SIGNED_VAULT_ID = "bench-signed-vault"
JWT_INTROSPECTION_TYPE = "application/token-introspection+jwt"
# What every request carries that a proxy handed on.
PROXIED = {
    "Host": "localhost:8443",
    "User-Agent": "authserver-bench",
    "X-Forwarded-For": "192.0.2.10",
    "X-Forwarded-Proto": "https",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One request as the server behind the proxy receives it."""

    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "POST"

    def wire(self, more: bytes = b"") -> bytes:
        """Return the request's bytes, with more at the end of its body."""
        length = {"Content-Length": str(len(self.body) + len(more))} if self.method == "POST" else {}
        headers = {**self.headers, **length}
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join((*lines, "", "")).encode("ascii") + self.body + more


@dataclass(frozen=True)
class BenchClient:
    """One registered client with its certificate, and its key where it authenticates by assertion."""

    client_id: str
    credential: CertificateWithKey = field(repr=False)
    key: ECKey | None = field(default=None, repr=False)

    def renamed(self, client_id: str) -> "BenchClient":
        """Return a client of another name with the same key and certificate."""
        return BenchClient(client_id, self.credential, self.key)

    @cached_property
    def thumbprint(self) -> str:
        """Return the `x5t#S256` of the client's certificate."""
        return _encode(hashlib.sha256(self.credential.der).digest())

    @cached_property
    def header(self) -> str:
        """Return the client's certificate as a proxy hands it on."""
        return f":{base64.b64encode(self.credential.der).decode('ascii')}:"

    def send(
        self, path: str, form: Mapping[str, str], now: int, *, certificate: bool, accept: str = JSON_TYPE
    ) -> Message:
        """Return a request with this client's authentication; an assertion is fresh and good once."""
        body = urlencode({**form, **self._credentials(now)}).encode("ascii")
        headers = {**PROXIED, "Accept": accept, "Content-Type": "application/x-www-form-urlencoded"}
        if certificate:
            headers["Client-Cert"] = self.header
        return Message(path, headers, body)

    def _credentials(self, now: int) -> Mapping[str, str]:
        if self.key is None:
            return {"client_id": self.client_id}
        claims: dict[str, object] = {
            "iss": self.client_id,
            "sub": self.client_id,
            "aud": ISSUER,
            "jti": secrets.token_urlsafe(16),
            "iat": now,
            "exp": now + _ASSERTION_SECONDS,
        }
        return {
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": sign_jwt(self._signing_header, claims, self._private_key),
        }

    @cached_property
    def _signing_header(self) -> str:
        return _encode(orjson.dumps({"alg": "ES256", "kid": self.key.thumbprint() if self.key else ""}))

    @cached_property
    def _private_key(self) -> ec.EllipticCurvePrivateKey:
        key = self.key.private_key if self.key else None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise TypeError(f"{self.client_id} has no key to sign with")
        return key


def sign_jwt(header: str, claims: Mapping[str, object], key: ec.EllipticCurvePrivateKey) -> str:
    """Sign by hand: tens of thousands of assertions are made for a run, and a library takes three times as long."""
    text = f"{header}.{_encode(orjson.dumps(claims))}"
    r, s = decode_dss_signature(key.sign(text.encode("ascii"), ec.ECDSA(hashes.SHA256())))
    return f"{text}.{_encode(r.to_bytes(_COORDINATE_BYTES) + s.to_bytes(_COORDINATE_BYTES))}"


def verify_jwt(token: str, key: ec.EllipticCurvePublicKey) -> Mapping[str, object]:
    """Return the claims of a JWT signed by this key; the least work that does so, and checks nothing else."""
    text, _, signature = token.encode("ascii").rpartition(b".")
    raw = base64.urlsafe_b64decode(signature + b"==")
    r, s = int.from_bytes(raw[:_COORDINATE_BYTES]), int.from_bytes(raw[_COORDINATE_BYTES:])
    key.verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
    claims: Mapping[str, object] = orjson.loads(base64.urlsafe_b64decode(text.partition(b".")[2] + b"=="))
    return claims


def authorization_request(client_id: str) -> Mapping[str, str]:
    """Return an honest authorization request, with which the person is asked for consent each time."""
    return {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": REDIRECT_URI,
        "scope": "openid accounts",
        "resource": BANK,
        "prompt": "consent",
        "state": "af0ifjsldkj",
        "nonce": "n-0S6_WzA2Mj",
        "code_challenge": CODE_CHALLENGE,
        "code_challenge_method": "S256",
    }


def get(path: str, **headers: str) -> Message:
    """Return a GET."""
    return Message(
        path, {**PROXIED, **{name.replace("_", "-"): value for name, value in headers.items()}}, method="GET"
    )


def new_client(client_id: str, authority: Authority, now: int, *, signs: bool) -> BenchClient:
    """Make a client's certificate, and its signing key where it needs one."""
    credential = authority.issue_client(common_name(client_id), now)
    return BenchClient(client_id, credential, ECKey.generate_key("P-256") if signs else None)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
