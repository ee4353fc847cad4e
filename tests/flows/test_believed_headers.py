"""A header that a proxy writes is the proxy's alone, under every server: no other spelling is taken for its name.

The proxy is played by the test: what it passes on, and what it sets, as a proxy does that lets names with underscores
pass (HAProxy, httpd, Caddy, Envoy).
"""

import json
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from http.client import HTTPConnection
from typing import Any

import pytest

from tests.support.api_behind_proxy import ADDRESS_HEADER, HEADER
from tests.support.authority import NOW, CertificateWithKey, common_name, self_signed
from tests.support.servers import accepts, free_port, running, wait_until

OWN, VICTIM = (self_signed(common_name(name), NOW) for name in ("own", "victim"))
APPLICATION = "tests.support.api_behind_proxy:application"
COMMANDS = {
    "granian": ["-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", "{port}", APPLICATION],
    "gunicorn": ["-m", "gunicorn", "--bind", "127.0.0.1:{port}", APPLICATION],
}
SPELLINGS = [
    "Client_Cert5f0c",
    "Client-Cert5f0c",
    "ClientCert_5f0c",
    "ClientCert5f0c_",
    "_ClientCert5f0c",
    "HTTP_ClientCert5f0c",
    "Client_Cert",
    "Client-Cert",
]


@pytest.fixture(scope="module", params=sorted(COMMANDS))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, int]]:
    """A WSGI server as people run it, with no settings of ours."""
    port = free_port()
    command = [part.format(port=port) for part in COMMANDS[request.param]]
    with running([sys.executable, *command], tmp_path_factory.mktemp("server") / "log"):
        wait_until(lambda: accepts(("127.0.0.1", port)), "the server")
        yield request.param, port


def written(credential: CertificateWithKey | None) -> str:
    """Return the header's text as a proxy writes it."""
    return f":{b64encode(credential.der).decode()}:" if credential else ""


def named(credential: CertificateWithKey | None) -> str | None:
    return sha256(credential.der).hexdigest() if credential else None


def ask(port: int, *headers: tuple[str, str]) -> Any:  # noqa: ANN401 - JSON
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.putrequest("GET", "/")
    for name, value in headers:
        connection.putheader(name, value)
    connection.endheaders()
    with closing(connection):
        return json.load(connection.getresponse())


@pytest.mark.parametrize("own", [OWN, None], ids=["with a certificate", "without"])
@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.spec("RFC8705-6.5-1", "RFC9440-4")
def test_no_spelling_of_a_client_s_is_taken_for_the_proxy_s_header(
    server: tuple[str, int], spelling: str, own: CertificateWithKey | None
) -> None:
    forged, proxys = (spelling, written(VICTIM)), (HEADER, written(own))
    for headers in ((forged, proxys), (proxys, forged)):
        seen = ask(server[1], *headers)
        assert (seen["named"], seen["server"]) == (named(own), named(own))


@pytest.mark.parametrize("spelling", ["Client_Address5f0c", "X-Forwarded-For", "X_Forwarded_For"])
@pytest.mark.spec("RFC8705-6.5-1")
def test_nor_for_the_header_with_the_client_s_address(server: tuple[str, int], spelling: str) -> None:
    forged, proxys = (spelling, "203.0.113.9"), (ADDRESS_HEADER, "198.51.100.7")
    for headers in ((forged, proxys), (proxys, forged)):
        assert ask(server[1], *headers)["address"] == "198.51.100.7"


def test_what_a_server_makes_of_the_usual_name_is_not_to_be_relied_on(server: tuple[str, int]) -> None:
    """The reason for all this: granian lays the client's header over the proxy's, and gunicorn drops it."""
    seen = ask(server[1], ("Client-Cert", written(OWN)), ("Client_Cert", written(VICTIM)))
    assert seen["usual"] == named({"granian": VICTIM, "gunicorn": OWN}[server[0]])
