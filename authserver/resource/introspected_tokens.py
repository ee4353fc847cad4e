"""Access tokens of any form, asked about at the issuer for each request: revocation is known at once."""

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import orjson

from authserver.keys.base64url import encode
from authserver.keys.model import BadJwt
from authserver.protocol.names import JWT_TYPE_INTROSPECTION
from authserver.resource.https_client import CallFailed, Reply, TimedHttps, TimedSocket
from authserver.resource.introspection_response import Ended, IntrospectionResponse, digest_of, read_max_age, unanswered
from authserver.resource.signed_answers import SignedAnswers
from authserver.values import Value

_SECONDS = 5.0
_OK = 200
_JSON = "application/json"
_SIGNED = f"application/{JWT_TYPE_INTROSPECTION}"
_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
)


class ClientCertificate(Value, frozen=True):
    """The certificate with which an API authenticates itself, and its key, both in PEM."""

    certificate: Path
    key: Path


class IntrospectedTokens:
    """Asks the introspection endpoint, authenticated by mutual TLS as a `tls_client_auth` client.

    The endpoint is the one among the issuer's `mtls_endpoint_aliases`. Answers are not kept: a revoked token is refused
    by the next request. With `signed` every answer must be a JWT that it verifies. A question is answered within
    `total_seconds`, or not at all.

    Spec: RFC7662-2, RFC8705-2, RFC9701-4, FAPI2-SP-FINAL-5.2.1-5
    """

    def __init__(
        self,
        endpoint: str,
        client_id: str,
        credential: ClientCertificate,
        ca_file: Path | None = None,
        signed: SignedAnswers | None = None,
        *,
        total_seconds: float = _SECONDS,
    ) -> None:
        self._endpoint = endpoint
        self._client_id = client_id
        self._signed = signed
        self._https = TimedHttps(endpoint, introspection_context(credential, ca_file), total_seconds)

    def __repr__(self) -> str:
        return f"IntrospectedTokens({self._endpoint!r}, {self._client_id!r})"

    def close(self) -> None:
        """Close every connection; a later use opens new ones."""
        self._https.close()

    def find_claims(self, token: str) -> Mapping[str, object]:
        """Return what the issuer says of a token.

        Raises InvalidToken where it says that the token is not active, TemporarilyUnavailable where it does not answer
        as it should.

        Spec: RFC7662-2.2, RFC9068-4-6
        """
        return self.ask(token).active_claims()

    def ask(self, token: str) -> IntrospectionResponse:
        """Return the issuer's answer about a token, active or not.

        Raises TemporarilyUnavailable where there is none that can be believed.

        Spec: RFC7662-2.1, RFC7662-2.2, RFC7662-4
        """
        fields = {"token": token, "token_type_hint": "access_token", "client_id": self._client_id}
        reply = self._post("", fields, _JSON if self._signed is None else _SIGNED)
        try:
            answer = self._read(reply, token)
        except (BadJwt, ValueError) as error:
            raise unanswered(str(error) if isinstance(error, BadJwt) else type(error).__name__) from error
        if not isinstance(answer, dict):
            raise unanswered("the answer is no object")
        return IntrospectionResponse(
            answer, read_max_age(reply.headers.get("cache-control", "")), digest_of(reply.body)
        )

    def find_ended(self, held: Mapping[bytes, bytes]) -> Ended:
        """Return which answers of before no longer count, and for how long the others do: 1000 at most.

        `held` has the SHA-256 of the tokens and the digests of the answers. Raises TemporarilyUnavailable where the
        issuer does not say so as it should; also where answers must be signed, which this one is not.

        Spec: RFC7662-2.2, RFC7662-4
        """
        if self._signed is not None:
            raise unanswered("answers about several tokens are not signed")
        named = {_text(token_hash): token_hash for token_hash in held}
        words = (f"{name}.{_text(held[token_hash])}" for name, token_hash in named.items())
        fields = {"token_hashes": " ".join(words), "client_id": self._client_id}
        reply = self._post("/ended", fields, _JSON)
        try:
            ended = orjson.loads(reply.body)["ended"]
            hashes = frozenset(named[name] for name in ended)
        except (ValueError, LookupError, TypeError) as error:
            # Whoever lists what was not asked about has answered another question, and may have left out what was.
            raise unanswered(f"ended: {type(error).__name__}") from error
        if not isinstance(ended, list):
            raise unanswered("ended is no list")
        return Ended(hashes, read_max_age(reply.headers.get("cache-control", "")))

    def _read(self, reply: Reply, token: str) -> object:
        """Read an answer; where signed ones were asked for, one in the clear is none."""
        if self._signed is None:
            return orjson.loads(reply.body)
        if reply.headers.get("content-type", "").partition(";")[0].strip().lower() != _SIGNED:
            raise BadJwt("the answer is not signed")
        return self._signed.verify(reply.body.decode("ascii"), token)

    def _post(self, below: str, fields: Mapping[str, str], accept: str) -> Reply:
        """Ask the endpoint, or what lies below it; any status but 200 is no answer."""
        parts = urlsplit(self._endpoint)
        path = f"{parts.path or '/'}{below}" + (f"?{parts.query}" if parts.query else "")
        try:
            reply = self._https.post(path, fields, {"Accept": accept})
        except CallFailed as error:
            raise unanswered(str(error)) from error
        if reply.status != _OK:
            raise unanswered(f"status {reply.status}")
        return reply


def _text(octets: bytes) -> str:
    return encode(octets).decode("ascii")


def introspection_context(credential: ClientCertificate, ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that checks the server's certificate and offers the recommended suites alone.

    Spec: FAPI2-SP-FINAL-5.2.1-5, FAPI2-SP-FINAL-5.2.2-2
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.load_cert_chain(credential.certificate, credential.key)
    context.sslsocket_class = TimedSocket
    return context
