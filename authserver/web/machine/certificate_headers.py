"""The six ways proxies write a client certificate into a header, each read strictly.

A reader takes the header's text and answers DER, or raises ValueError: there is no second guess at what was meant.
Whether the header may be believed at all is decided in `client_certificate`, not here.
"""

import binascii
import re
from base64 import b64decode
from collections.abc import Callable
from functools import lru_cache
from urllib.parse import unquote

from cryptography import x509

from authserver.values import Assembly

LARGEST_CERTIFICATE = 16 * 1024
LARGEST_HEADER = 64 * 1024

_PEM = re.compile(r"\s*-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+)-----END CERTIFICATE-----\s*")
_ENVOY_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[^",;]+|[,;]')


def _base64(text: str) -> bytes:
    """Decode base64 with nothing else between its characters."""
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


def _only(blocks: list[str]) -> str:
    """Answer the single value of a header that holds one: a comma means two headers were joined."""
    if len(blocks) != 1:
        raise ValueError("more than one value")
    return blocks[0]


def _percent_decoded_pem(text: str, *, chain: bool = False) -> bytes:
    """Read one PEM certificate written with percent escapes; `chain` lets others follow the first."""
    pem = unquote(text, errors="strict")
    found = _PEM.match(pem)
    if found is None or (found.end() != len(pem) and not chain):
        raise ValueError("not a PEM certificate")
    return _base64("".join(found[1].split()))


def _read_rfc9440(text: str) -> bytes:
    """Read a structured-field byte sequence.

    Spec: RFC9440-2.2, RFC8941-3.3.5
    """
    value = _only(text.split(","))
    if len(value) < len("::") or not (value.startswith(":") and value.endswith(":")):
        raise ValueError("not a byte sequence")
    return _base64(value[1:-1])


def _read_nginx(text: str) -> bytes:
    """Read what nginx writes for `$ssl_client_escaped_cert`."""
    return _percent_decoded_pem(_only(text.split(",")))


def _read_haproxy(text: str) -> bytes:
    """Read what HAProxy writes for `%[ssl_c_der,base64]`."""
    return _base64(_only(text.split(",")))


def _read_alb(text: str) -> bytes:
    """Read what an AWS load balancer writes: PEM with `+`, `=` and `/` left bare, the client's certificate first."""
    return _percent_decoded_pem(_only(text.split(",")), chain=True)


def _read_traefik(text: str) -> bytes:
    """Read what Traefik writes: base64 between the PEM markers, without them, the client's certificate first.

    A comma parts the certificates of one chain here, so joined headers cannot be told apart; Traefik sets the header
    anew on each request, and removes one that comes from outside unless its entry point is set to trust everyone.
    """
    return _base64(unquote(text.split(",", maxsplit=1)[0].strip(), errors="strict"))


def _last_envoy_element(text: str) -> list[str]:
    """Split the last element of the header into its pairs, with quoted commas and semicolons left alone."""
    tokens: list[str] = _ENVOY_TOKEN.findall(text)
    if "".join(tokens) != text:
        raise ValueError("unbalanced quotes")
    pairs = [""]
    for piece in tokens:
        if piece == ",":
            pairs = [""]
        elif piece == ";":
            pairs.append("")
        else:
            pairs[-1] += piece
    return pairs


def _read_envoy(text: str) -> bytes:
    """Read the `Cert` of the last element, the one that the proxy next to us wrote."""
    pairs = [pair.strip().partition("=") for pair in _last_envoy_element(text)]
    value = _only([value for key, _, value in pairs if key.lower() == "cert"])
    return _percent_decoded_pem(value.removeprefix('"').removesuffix('"'))


class HeaderFormat(Assembly, frozen=True):
    """One proxy's habit: the WSGI names of its headers, the one to prefer first, and the reader of their text."""

    names: tuple[str, ...]
    read: Callable[[str], bytes]


FORMATS = {
    "rfc9440": HeaderFormat(("HTTP_CLIENT_CERT",), _read_rfc9440),
    "nginx": HeaderFormat(("HTTP_X_SSL_CLIENT_CERT",), _read_nginx),
    "envoy": HeaderFormat(("HTTP_X_FORWARDED_CLIENT_CERT",), _read_envoy),
    "traefik": HeaderFormat(("HTTP_X_FORWARDED_TLS_CLIENT_CERT",), _read_traefik),
    "haproxy": HeaderFormat(("HTTP_X_SSL_CLIENT_CERT",), _read_haproxy),
    "alb": HeaderFormat(("HTTP_X_AMZN_MTLS_CLIENTCERT_LEAF", "HTTP_X_AMZN_MTLS_CLIENTCERT"), _read_alb),
}
CERTIFICATE_HEADERS = tuple(dict.fromkeys(name for entry in FORMATS.values() for name in entry.names))


@lru_cache(maxsize=512)
def read_certificate_header(header_format: str, text: str) -> bytes | None:
    """Answer the certificate in DER, or None if the text is not exactly one certificate in that format.

    Cached by the text: a client shows the same certificate on each of its requests.
    """
    if len(text) > LARGEST_HEADER or not text.isascii():
        return None
    try:
        der = FORMATS[header_format].read(text.strip(" \t"))
        x509.load_der_x509_certificate(der)
    except (ValueError, x509.InvalidVersion):
        return None
    return der if len(der) <= LARGEST_CERTIFICATE else None
