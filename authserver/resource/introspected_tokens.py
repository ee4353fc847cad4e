"""Access tokens of any form, asked about at the issuer for each request: revocation is known at once."""

import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson
import urllib3
from urllib3.util import Retry, Timeout

from authserver.keys.base64url import encode
from authserver.keys.model import BadJwt
from authserver.protocol.names import JWT_TYPE_INTROSPECTION
from authserver.resource.answers import Answer, read_max_age, unanswered
from authserver.resource.signed_answers import SignedAnswers

_SECONDS = 5.0
_MAX_BODY = 64 * 1024
_OK = 200
_JSON = "application/json"
_SIGNED = f"application/{JWT_TYPE_INTROSPECTION}"
_SUITES = (
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384"
)
# A connection that the server closed while it lay idle fails on first use; to ask again changes nothing.
_ONCE_MORE = Retry(total=1, connect=1, read=1, redirect=0, status=0, other=0, allowed_methods=None)


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """The certificate with which an API authenticates itself, and its key, both in PEM."""

    certificate: Path
    key: Path


class IntrospectedTokens:
    """Asks the introspection endpoint, authenticated by mutual TLS as a `tls_client_auth` client.

    The endpoint is the one among the issuer's `mtls_endpoint_aliases`. Answers are not kept: a revoked token is refused
    by the next request. With `signed` every answer must be a JWT that it verifies.

    Spec: RFC7662-2, RFC8705-2, RFC9701-4, FAPI2-SP-FINAL-5.2.1-5
    """

    def __init__(
        self,
        endpoint: str,
        client_id: str,
        credential: ClientCertificate,
        ca_file: Path | None = None,
        signed: SignedAnswers | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._client_id = client_id
        self._signed = signed
        self._pool = urllib3.PoolManager(
            ssl_context=introspection_context(credential, ca_file), timeout=Timeout(total=_SECONDS)
        )

    def __repr__(self) -> str:
        return f"IntrospectedTokens({self._endpoint!r}, {self._client_id!r})"

    def close(self) -> None:
        """Close every connection; a later use opens new ones."""
        self._pool.clear()

    def find_claims(self, token: str) -> Mapping[str, object]:
        """Return what the issuer says of a token.

        Raises InvalidToken where it says that the token is not active, TemporarilyUnavailable where it does not answer
        as it should.

        Spec: RFC7662-2.2, RFC9068-4-6
        """
        return self.ask(token).active_claims()

    def ask(self, token: str) -> Answer:
        """Return the issuer's answer about a token, active or not.

        Raises TemporarilyUnavailable where there is none that can be believed.

        Spec: RFC7662-2.1, RFC7662-2.2, RFC7662-4
        """
        fields = {"token": token, "token_type_hint": "access_token", "client_id": self._client_id}
        status, headers, body = self._post(self._endpoint, fields, _JSON if self._signed is None else _SIGNED)
        try:
            answer = self._read(headers.get("Content-Type", ""), body) if status == _OK else None
        except (BadJwt, ValueError) as error:
            raise unanswered(str(error) if isinstance(error, BadJwt) else type(error).__name__) from error
        if not isinstance(answer, dict):
            raise unanswered(f"status {status}")
        return Answer(answer, read_max_age(headers.get("Cache-Control", "")))

    def find_ended(self, token_hashes: Sequence[bytes]) -> frozenset[bytes]:
        """Return which of several tokens, 1000 at most and named by their SHA-256, are no longer good here.

        Raises TemporarilyUnavailable where the issuer does not say so as it should; also where answers must be signed,
        which this one is not.

        Spec: RFC7662-2.2, RFC7662-4
        """
        if self._signed is not None:
            raise unanswered("answers about several tokens are not signed")
        named = {encode(token_hash).decode("ascii"): token_hash for token_hash in token_hashes}
        fields = {"token_hashes": " ".join(named), "client_id": self._client_id}
        status, _, body = self._post(f"{self._endpoint}/ended", fields, _JSON)
        try:
            answer = orjson.loads(body) if status == _OK else None
            ended = answer["ended"] if isinstance(answer, dict) else None
        except (ValueError, KeyError) as error:
            raise unanswered(type(error).__name__) from error
        if not isinstance(ended, list):
            raise unanswered(f"status {status}")
        return frozenset(named[name] for name in ended if isinstance(name, str) and name in named)

    def _read(self, content_type: str, body: bytes) -> object:
        """Read an answer; where signed ones were asked for, one in the clear is none."""
        if self._signed is None:
            return orjson.loads(body)
        if content_type.partition(";")[0].strip().lower() != _SIGNED:
            raise BadJwt("the answer is not signed")
        return self._signed.verify(body.decode("ascii"))

    def _post(self, url: str, fields: Mapping[str, str], accept: str) -> tuple[int, Mapping[str, str], bytes]:
        try:
            response = self._pool.request(
                "POST",
                url,
                fields=fields,
                encode_multipart=False,
                headers={"Accept": accept},
                redirect=False,
                retries=_ONCE_MORE,
                preload_content=False,
            )
            try:
                return response.status, response.headers, response.read(_MAX_BODY)
            finally:
                response.release_conn()
        except urllib3.exceptions.HTTPError as error:
            raise unanswered(type(error).__name__) from error


def introspection_context(credential: ClientCertificate, ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that checks the server's certificate and offers the recommended suites alone.

    Spec: FAPI2-SP-FINAL-5.2.1-5, FAPI2-SP-FINAL-5.2.2-2
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.load_cert_chain(credential.certificate, credential.key)
    return context
