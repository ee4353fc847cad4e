"""Reading a request to an API out of its WSGI environment."""

from collections.abc import Iterable, Mapping
from urllib.parse import parse_qsl, quote, unquote

from authserver.resource.model import ResourceRequest
from authserver.values import Value, field
from authserver.web.machine.client_certificate import CertificatePolicy, certificate_from_environ, parse_policy

_PATH_SAFE = "/:@!$&'()*+,;=~"


class ApiOrigin(Value, frozen=True):
    """The origin under which clients reach the API, such as `https://api.example.com`, and whom to believe about them.

    The Host header is not asked: a proof made for another server must not fit this one. `certificates` says which
    proxies hand on the client's certificate, and in which header: `behind_proxies` makes it.
    """

    origin: str
    certificates: CertificatePolicy = field(default_factory=CertificatePolicy)


def behind_proxies(networks: Iterable[str], header_format: str, header: str) -> CertificatePolicy:
    """Return whom to believe about the client's certificate: proxies in these networks, in this header of theirs.

    `header_format` is how they write it (`rfc9440`, `nginx`, `haproxy`, ...). `header` is a name of letters and digits
    alone, best with a part that only proxy and API know: `Client-Cert` could be overlaid by a client's `Client_Cert`,
    which WSGI calls by the same name, and with it the certificate by that of anyone. Raises ValueError for another.

    Spec: RFC9440-4, RFC8705-6.5
    """
    if not header:
        raise ValueError("the header needs a name of its own")
    return parse_policy(networks, header_format, certificate_header=header)


def read_request(environ: Mapping[str, object], api: ApiOrigin) -> ResourceRequest:
    """Return what of a request decides whether it may pass.

    Spec: RFC6750-2.1, RFC8705-3, RFC9449-4.3-1
    """
    proofs = environ.get("HTTP_DPOP")
    authorization = environ.get("HTTP_AUTHORIZATION")
    query = parse_qsl(str(environ.get("QUERY_STRING", "")), keep_blank_values=True)
    return ResourceRequest(
        method=str(environ["REQUEST_METHOD"]),
        uris=_own_uris(environ, api.origin),
        authorization=authorization if isinstance(authorization, str) else None,
        # Servers join repeated headers with a comma, which no JWT holds.
        dpop_proofs=tuple(part.strip() for part in proofs.split(",")) if isinstance(proofs, str) else (),
        certificate=certificate_from_environ(environ, api.certificates),
        token_in_query=any(name == "access_token" for name, _ in query),
    )


def _own_uris(environ: Mapping[str, object], origin: str) -> tuple[str, ...]:
    """Return the request's URL in its usual spelling, and as it was written where the server tells.

    Spec: RFC9449-4.3-9, RFC9449-4.3-13
    """
    path = f"{environ.get('SCRIPT_NAME', '')}{environ.get('PATH_INFO', '')}"
    usual = quote(path, safe=_PATH_SAFE, encoding="latin-1")
    written = str(environ.get("RAW_URI", "")).partition("?")[0]
    same = written.startswith("/") and unquote(written, encoding="latin-1") == path
    return (origin + usual, origin + written) if same and written != usual else (origin + usual,)
