"""A small OAuth client: pushed requests, three ways of authentication, mutual TLS or DPoP.

It works from the server's metadata alone. With a certificate it calls the `mtls_endpoint_aliases`.
"""

import base64
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from joserfc.jwk import ECKey

from authserver.clock import Clock
from authserver.sandbox.third_party.http import HttpResponse, HttpsClient
from authserver.sandbox.third_party.proofs import NotGenuine, new_pkce, sign_assertion, sign_proof
from authserver.values import Hidden, Value

Form = list[tuple[str, str]]

_ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_UNAUTHORIZED = 401


class ClientAuthenticationMethod(Protocol):
    """How a client shows who it is."""

    def sign(self, form: Form, now: int) -> tuple[Form, dict[str, str]]:
        """Return the form and the headers to send."""


class PrivateKeyJwt(Value, frozen=True):
    """`private_key_jwt`: a signed assertion, a new one for each request."""

    client_id: str
    issuer: str
    key: Hidden[ECKey]

    def sign(self, form: Form, now: int) -> tuple[Form, dict[str, str]]:
        """Add the assertion."""
        assertion = sign_assertion(self.key, self.client_id, self.issuer, now)
        return [*form, ("client_assertion_type", _ASSERTION_TYPE), ("client_assertion", assertion)], {}


class ByCertificate(Value, frozen=True):
    """`tls_client_auth` and `self_signed_tls_client_auth`: the connection speaks, the form only says for whom."""

    client_id: str

    def sign(self, form: Form, _now: int) -> tuple[Form, dict[str, str]]:
        """Add the client's id where the form does not hold it already."""
        known = any(name == "client_id" for name, _ in form)
        return (form if known else [*form, ("client_id", self.client_id)]), {}


class SecretBasic(Value, frozen=True):
    """`client_secret_basic`."""

    client_id: str
    secret: Hidden[str]

    def sign(self, form: Form, _now: int) -> tuple[Form, dict[str, str]]:
        """Add the header."""
        pair = f"{quote(self.client_id, safe='')}:{quote(self.secret, safe='')}"
        return form, {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


class Flow(Value, frozen=True):
    """One authorization request under way: what the answer must bring back."""

    state: str
    nonce: str
    verifier: Hidden[str]
    parameters: Hidden[Form]


@dataclass(slots=True)
class OAuthClient:
    """One client of one server.

    With a `dpop_key` its tokens are bound to that key; `with_certificate` says that `https` presents one. `sent` is the
    last form as it was sent, for those who want to look.
    """

    client_id: str
    redirect_uri: str
    metadata: Mapping[str, Any] = field(repr=False)
    https: HttpsClient
    authentication: ClientAuthenticationMethod
    clock: Clock
    with_certificate: bool = False
    dpop_key: ECKey | None = field(default=None, repr=False)
    sent: Form = field(default_factory=list, repr=False)
    _nonces: dict[str, str] = field(default_factory=dict, repr=False)

    def endpoint(self, name: str) -> str:
        """Return an endpoint's URL: its alias where this client presents a certificate."""
        aliases = self.metadata.get("mtls_endpoint_aliases", {}) if self.with_certificate else {}
        return str(aliases.get(name) or self.metadata[name])

    def begin(self, scope: str, *, resources: Sequence[str] = (), **extra: str) -> Flow:
        """Make the parameters of an authorization request."""
        verifier, challenge = new_pkce()
        state, nonce = secrets.token_urlsafe(24), secrets.token_urlsafe(24)
        parameters = [
            ("response_type", "code"),
            ("client_id", self.client_id),
            ("redirect_uri", self.redirect_uri),
            ("scope", scope),
            ("state", state),
            ("nonce", nonce),
            ("code_challenge", challenge),
            ("code_challenge_method", "S256"),
            *(("resource", resource) for resource in resources),
            *extra.items(),
        ]
        return Flow(state, nonce, verifier, parameters)

    def push(self, flow: Flow) -> HttpResponse:
        """Leave the request at the server."""
        return self.call("pushed_authorization_request_endpoint", flow.parameters)

    def authorization_url(self, parameters: Mapping[str, str] | Form) -> str:
        """Return the URL to which the browser is sent."""
        return f"{self.metadata['authorization_endpoint']}?{urlencode(parameters)}"

    def read_callback(self, url: str, flow: Flow) -> dict[str, str]:
        """Return the answer's parameters where it is the answer to this flow, from this server.

        Raises NotGenuine otherwise.
        """
        answer = dict(parse_qsl(urlsplit(url).query))
        if not secrets.compare_digest(answer.get("state", ""), flow.state):
            raise NotGenuine("the state is not the one that was sent")
        if answer.get("iss") != self.metadata["issuer"]:
            raise NotGenuine("the answer comes from another server")
        return answer

    def redeem(self, code: str, flow: Flow, resource: str = "") -> HttpResponse:
        """Exchange a code for tokens, for one resource where it is named."""
        form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", flow.verifier),
        ]
        return self.call("token_endpoint", [*form, *_one("resource", resource)])

    def refresh(self, refresh_token: str, resource: str = "") -> HttpResponse:
        """Get new tokens for a refresh token, for one resource where it is named."""
        form = [("grant_type", "refresh_token"), ("refresh_token", refresh_token)]
        return self.call("token_endpoint", [*form, *_one("resource", resource)])

    def client_credentials(self, scope: str, resource: str = "") -> HttpResponse:
        """Get a token for the client itself."""
        form = [("grant_type", "client_credentials"), ("scope", scope)]
        return self.call("token_endpoint", [*form, *_one("resource", resource)])

    def revoke(self, token: str) -> HttpResponse:
        """Give a token back."""
        return self.call("revocation_endpoint", [("token", token)])

    def introspect(self, token: str) -> HttpResponse:
        """Ask about a token, as a resource server does."""
        return self.call("introspection_endpoint", [("token", token)])

    def call(self, endpoint: str, form: Form) -> HttpResponse:
        """Send an authenticated form; told to use a DPoP nonce, sign everything anew and send it again."""
        url = self.endpoint(endpoint)
        answer = self._post(url, form)
        if self.dpop_key is not None and answer.json().get("error") == "use_dpop_nonce":
            answer = self._post(url, form)
        return answer

    def use(self, method: str, url: str, token: str, *, document: object = None) -> HttpResponse:
        """Call an API with a token and its proof."""
        answer = self._use(method, url, token, document)
        if answer.status == _UNAUTHORIZED and "use_dpop_nonce" in answer.headers.get("www-authenticate", ""):
            answer = self._use(method, url, token, document)
        return answer

    def token_headers(self, method: str, url: str, token: str) -> dict[str, str]:
        """Return the headers that present a token: under DPoP with a proof made for this one request."""
        if self.dpop_key is None:
            return {"Authorization": f"Bearer {token}"}
        nonce = self._nonces.get(_origin(url), "")
        proof = sign_proof(self.dpop_key, (method, url), self.clock(), access_token=token, nonce=nonce)
        return {"Authorization": f"DPoP {token}", "DPoP": proof}

    def _post(self, url: str, form: Form) -> HttpResponse:
        now = self.clock()
        self.sent, headers = self.authentication.sign(form, now)
        if self.dpop_key is not None:
            headers["DPoP"] = sign_proof(self.dpop_key, ("POST", url), now, nonce=self._nonces.get(_origin(url), ""))
        return self._remember_nonce(url, self.https.send("POST", url, headers=headers, form=self.sent))

    def _use(self, method: str, url: str, token: str, document: object) -> HttpResponse:
        headers = self.token_headers(method, url, token)
        return self._remember_nonce(url, self.https.send(method, url, headers=headers, document=document))

    def _remember_nonce(self, url: str, answer: HttpResponse) -> HttpResponse:
        """Keep the nonce that a server supplies for the next proof sent to it."""
        if "dpop-nonce" in answer.headers:
            self._nonces[_origin(url)] = answer.headers["dpop-nonce"]
        return answer


def discover(https: HttpsClient, issuer: str) -> dict[str, Any]:
    """Return the server's metadata; raises NotGenuine where it is another issuer's."""
    metadata = https.send("GET", f"{issuer}/.well-known/openid-configuration").json()
    if metadata.get("issuer") != issuer:
        raise NotGenuine("the metadata is another issuer's")
    return metadata


def _one(name: str, value: str) -> Form:
    return [(name, value)] if value else []


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
