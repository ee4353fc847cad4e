"""An API behind a proxy, which tells what its kit and the server's policy believe about who calls."""

import hashlib
import json
from collections.abc import Callable, Iterable

from authserver.resource.environ import ApiOrigin, behind_proxies, read_request
from authserver.web.machine.client_certificate import client_address, parse_policy

HEADER = "ClientCert5f0c"
ADDRESS_HEADER = "ClientAddress5f0c"
_PROXIES = ("127.0.0.0/8",)
_NAMED = ApiOrigin("https://api.example", behind_proxies(_PROXIES, "rfc9440", HEADER))
_USUAL = ApiOrigin("https://api.example", parse_policy(_PROXIES, "rfc9440"))
_SERVERS = parse_policy(_PROXIES, "rfc9440", certificate_header=HEADER, address_header=ADDRESS_HEADER)


def application(environ: dict[str, object], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer what is believed under a header of its own name, and under the usual one."""
    certificates = {
        name: read_request(environ, api).certificate
        for name, api in (("named", _NAMED), ("usual", _USUAL), ("server", ApiOrigin("https://a.example", _SERVERS)))
    }
    seen = {name: hashlib.sha256(der).hexdigest() if der else None for name, der in certificates.items()}
    body = json.dumps({**seen, "address": client_address(environ, _SERVERS)}).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]
