"""The clients of the bench: what they hold, and the requests they send as a TLS proxy would hand them on."""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import ECKey

from authserver.sandbox.authority import Authority, Credential, common_name

ISSUER = "https://localhost:8443"
REDIRECT_URI = "https://app.example/callback"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_ASSERTION_SECONDS = 300
_VERIFIER_DIGEST = hashlib.sha256(b"a-verifier-of-forty-three-characters-or-more-0").digest()
CODE_CHALLENGE = base64.urlsafe_b64encode(_VERIFIER_DIGEST).rstrip(b"=").decode()


@dataclass(frozen=True, slots=True)
class Message:
    """One request as the server behind the proxy receives it."""

    path: str
    headers: Mapping[str, str]
    body: bytes = b""
    method: str = "POST"

    def wire(self) -> bytes:
        """Return the request's bytes."""
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join((*lines, "", "")).encode("ascii") + self.body


@dataclass(frozen=True, slots=True)
class BenchClient:
    """One registered client with its certificate, and its key where it authenticates by assertion."""

    client_id: str
    credential: Credential = field(repr=False)
    key: ECKey | None = field(default=None, repr=False)

    @property
    def thumbprint(self) -> str:
        """Return the `x5t#S256` of the client's certificate."""
        digest = hashlib.sha256(self.credential.der).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()

    def send(self, path: str, form: Mapping[str, str], now: int, *, certificate: bool) -> Message:
        """Return a request with this client's authentication; an assertion is fresh and good once."""
        body = urlencode({**form, **self._credentials(now)}).encode("ascii")
        headers = {
            "Host": "localhost:8443",
            "User-Agent": "authserver-bench",
            "Accept": "application/json",
            "X-Forwarded-For": "192.0.2.10",
            "Content-Type": "application/x-www-form-urlencoded",
            "Content-Length": str(len(body)),
        }
        if certificate:
            headers["Client-Cert"] = f":{base64.b64encode(self.credential.der).decode('ascii')}:"
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
        assertion = jwt.encode({"alg": "ES256", "kid": self.key.thumbprint()}, claims, self.key)
        return {"client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion}


def get(path: str) -> Message:
    """Return a plain GET."""
    return Message(path, {"Host": "localhost:8443"}, method="GET")


def new_client(client_id: str, authority: Authority, now: int, *, signs: bool) -> BenchClient:
    """Make a client's certificate, and its signing key where it needs one."""
    credential = authority.issue_client(common_name(client_id), now)
    return BenchClient(client_id, credential, ECKey.generate_key("P-256") if signs else None)
