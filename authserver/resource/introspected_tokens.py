"""Access tokens of any form, asked about at the issuer for each request: revocation is known at once."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
import urllib3
from urllib3.util import Retry, Timeout

from authserver.protocol.errors import InvalidToken, TemporarilyUnavailable

_SECONDS = 5.0
_MAX_BODY = 64 * 1024
_OK = 200
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
    by the next request.

    Spec: RFC7662-2, RFC8705-2, FAPI2-SP-FINAL-5.2.1-5
    """

    def __init__(
        self, endpoint: str, client_id: str, credential: ClientCertificate, ca_file: Path | None = None
    ) -> None:
        self._endpoint = endpoint
        self._client_id = client_id
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
        as it should: nothing passes on the strength of an answer that never came.

        Spec: RFC7662-2.2, RFC9068-4-6
        """
        answer = self._ask(token)
        if answer.get("active") is not True:
            raise InvalidToken("The access token is not valid here.", reason="not active", clause="RFC7662-2.2")
        return answer

    def _ask(self, token: str) -> Mapping[str, object]:
        fields = {"token": token, "token_type_hint": "access_token", "client_id": self._client_id}
        try:
            response = self._pool.request(
                "POST",
                self._endpoint,
                fields=fields,
                encode_multipart=False,
                headers={"Accept": "application/json"},
                redirect=False,
                retries=_ONCE_MORE,
                preload_content=False,
            )
            try:
                body = response.read(_MAX_BODY)
            finally:
                response.release_conn()
            answer = orjson.loads(body) if response.status == _OK else None
        except (urllib3.exceptions.HTTPError, ValueError) as error:
            raise _unanswered(type(error).__name__) from error
        if not isinstance(answer, dict):
            raise _unanswered(f"status {response.status}")
        return answer


def introspection_context(credential: ClientCertificate, ca_file: Path | None) -> ssl.SSLContext:
    """Return a context that checks the server's certificate and offers the recommended suites alone.

    Spec: FAPI2-SP-FINAL-5.2.1-5, FAPI2-SP-FINAL-5.2.2-2
    """
    context = ssl.create_default_context(cafile=str(ca_file) if ca_file is not None else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_SUITES)
    context.load_cert_chain(credential.certificate, credential.key)
    return context


def _unanswered(reason: str) -> TemporarilyUnavailable:
    return TemporarilyUnavailable(
        "Access tokens cannot be checked just now.", reason=f"introspection: {reason}", clause="RFC7662-2.3"
    )
