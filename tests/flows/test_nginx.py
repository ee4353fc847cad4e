"""The shipped nginx configuration, run by a real nginx on loopback ports with granian behind it."""

import hashlib
import http.client
import json
import signal
import socket
import ssl
import subprocess
import time
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from tests.support.authority import NOW, CertificateWithKey, common_name, create_authority, self_signed
from tests.support.nginx import ISSUER_HOST, MTLS_HOST, SOCKET, nginx
from tests.support.servers import accepts, free_port, probe_command, running, wait_until

pytestmark = pytest.mark.nginx

AUTHORITY = create_authority("test authority", NOW)
ISSUER, MTLS = ISSUER_HOST, MTLS_HOST


@dataclass(frozen=True, slots=True)
class Proxied:
    """nginx under test, and granian behind it."""

    folder: Path
    port: int
    backend: subprocess.Popen[bytes]


@pytest.fixture(scope="module")
def proxied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxied]:
    folder, port = tmp_path_factory.mktemp("nginx"), free_port()
    backend_socket = str(folder / SOCKET)
    with ExitStack() as stack:
        backend = stack.enter_context(running(probe_command("behind_proxy", f"unix:{backend_socket}"), folder / "log"))
        wait_until(lambda: accepts(backend_socket), "granian")
        stack.enter_context(nginx(folder, port, AUTHORITY))
        yield Proxied(folder, port, backend)


def client(credential: CertificateWithKey | None = None, folder: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=AUTHORITY.pem.decode())
    if credential and folder:
        context.load_cert_chain(*credential.save(folder, "client"))
    return context


class Link(http.client.HTTPSConnection):
    """A connection to nginx under the name of one of its hosts."""

    def __init__(self, port: int, host: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=15)
        self.tls = context

    def connect(self) -> None:
        plain = socket.create_connection(("127.0.0.1", self.port), timeout=15)
        self.sock = self.tls.wrap_socket(plain, server_hostname=self.host)


def answer(
    link: Link, path: str = "/", **options: dict[str, str] | bytes | str
) -> tuple[http.client.HTTPResponse, bytes]:
    method = str(options.pop("method", "GET"))
    link.request(method, path, **options)  # type: ignore[arg-type]  # headers and body
    response = link.getresponse()
    body = response.read()
    link.close()
    return response, body


def seen(link: Link, path: str = "/", **options: dict[str, str] | bytes | str) -> dict[str, object]:
    response, body = answer(link, path, **options)
    assert response.status == 200, body
    told: dict[str, object] = json.loads(body)
    return told


def large(octets: int) -> Callable[[], CertificateWithKey]:
    """A certificate of about so many octets, its size in a long alternative name."""
    name = x509.UniformResourceIdentifier("https://example.com/" + "a" * octets)
    return lambda: AUTHORITY.issue_client(common_name("large"), NOW, names=(name,))


@pytest.mark.spec("RFC9440-2.2", "RFC8705-2")
@pytest.mark.parametrize(
    "issue",
    [
        lambda: AUTHORITY.issue_client(common_name("client"), NOW),
        lambda: self_signed(common_name("nobody issued this"), NOW),
        *[large(octets) for octets in (0, 1, 2, 40, 1500, 5300)],
    ],
)
def test_a_certificate_arrives_as_rfc_9440_has_it(
    proxied: Proxied, tmp_path: Path, issue: Callable[[], CertificateWithKey]
) -> None:
    credential = issue()
    told = seen(Link(proxied.port, MTLS, client(credential, tmp_path)))
    assert told["header"] == f":{b64encode(credential.der).decode()}:"
    assert told["certificate"] == hashlib.sha256(credential.der).hexdigest()
    assert told["dropped"] == []


def test_a_certificate_beyond_what_the_configuration_can_write_counts_as_none(proxied: Proxied, tmp_path: Path) -> None:
    told = seen(Link(proxied.port, MTLS, client(large(6500)(), tmp_path)))
    assert (told["header"], told["certificate"]) == (None, None)


@pytest.mark.spec("RFC8705-2")
def test_without_a_certificate_the_application_answers(proxied: Proxied) -> None:
    told = seen(Link(proxied.port, MTLS, client()), "/token")
    assert (told["header"], told["certificate"], told["path"]) == (None, None, "/token")


@pytest.mark.spec("RFC8705-2")
@pytest.mark.parametrize(
    "issue",
    [
        lambda: AUTHORITY.issue_client(common_name("late"), NOW, days=-1),
        lambda: self_signed(common_name("late"), NOW, days=-1),
        lambda: AUTHORITY.issue_server(("not a client",), NOW),
    ],
)
def test_a_certificate_broken_in_itself_counts_as_none_and_the_application_answers(
    proxied: Proxied, tmp_path: Path, issue: Callable[[], CertificateWithKey]
) -> None:
    broken = client(issue(), tmp_path)
    told = seen(Link(proxied.port, MTLS, broken), "/token", method="POST", body=b"grant_type=x")
    assert (told["header"], told["path"], told["body"]) == (None, "/token", 12)


@pytest.mark.spec("RFC9440-4")
@pytest.mark.parametrize("host", [ISSUER, MTLS])
@pytest.mark.parametrize("name", ["Client-Cert", "client-cert", "Client_Cert", "CLIENT_CERT"])
def test_a_header_from_outside_is_removed(proxied: Proxied, host: str, name: str) -> None:
    forged = f":{b64encode(self_signed(common_name('victim'), NOW).der).decode()}:"
    told = seen(Link(proxied.port, host, client()), headers={name: forged})
    assert (told["header"], told["certificate"]) == (None, None)


@pytest.mark.spec("RFC9440-4")
def test_a_header_from_outside_does_not_stand_in_for_the_certificate_shown(proxied: Proxied, tmp_path: Path) -> None:
    credential = self_signed(common_name("attacker"), NOW)
    forged = f":{b64encode(self_signed(common_name('victim'), NOW).der).decode()}:"
    told = seen(Link(proxied.port, MTLS, client(credential, tmp_path)), headers={"Client-Cert": forged})
    assert told["certificate"] == hashlib.sha256(credential.der).hexdigest()


def test_the_issuer_host_asks_for_no_certificate(proxied: Proxied, tmp_path: Path) -> None:
    told = seen(Link(proxied.port, ISSUER, client(self_signed(common_name("client"), NOW), tmp_path)))
    assert (told["header"], told["host"]) == (None, ISSUER)


def test_a_connection_made_for_the_issuer_cannot_reach_the_other_host(proxied: Proxied) -> None:
    response, _ = answer(Link(proxied.port, ISSUER, client()), headers={"Host": MTLS})
    assert response.status == 421


def test_a_host_that_is_not_set_up_gets_no_handshake(proxied: Proxied) -> None:
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        Link(proxied.port, "other.example.com", client()).connect()


@pytest.mark.spec("FAPI2-SP-FINAL-5.2.1", "FAPI2-SP-FINAL-5.2.2")
@pytest.mark.parametrize("host", [ISSUER, MTLS])
@pytest.mark.parametrize(
    ("suite", "accepted"),
    [
        ("ECDHE-RSA-AES128-GCM-SHA256", True),
        ("ECDHE-RSA-AES256-GCM-SHA384", True),
        ("ECDHE-RSA-CHACHA20-POLY1305", False),
        ("ECDHE-RSA-AES128-SHA256", False),
        ("AES128-GCM-SHA256", False),
    ],
)
def test_tls_1_2_has_the_ecdhe_gcm_suites_alone(proxied: Proxied, host: str, suite: str, *, accepted: bool) -> None:
    context = client()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    link = Link(proxied.port, host, context)
    if accepted:
        assert seen(link)
    else:
        with pytest.raises(ssl.SSLError, match="HANDSHAKE_FAILURE"):
            link.connect()


def test_the_client_s_address_arrives_and_cannot_be_forged(proxied: Proxied) -> None:
    told = seen(Link(proxied.port, ISSUER, client()), headers={"X-Forwarded-For": "192.0.2.1"})
    # From a Unix socket's peer, and then from 127.0.0.1, which the probe trusts too: the header's one entry ends it.
    assert told["address"] == "127.0.0.1"


COOKIES = {
    "__Host-session=a-1_B; __Host-browser=b; __Host-device=c; __Host-language=de-1": "__Host-session=a-1_B; "
    "__Host-browser=b; __Host-device=c; __Host-language=de-1;",
    "other=caf\u00e9; __Host-session=a; more=\u00ff": "__Host-session=a;",
    "__Host-browser=b;x=\u00e9": "__Host-browser=b;",
    "x__Host-session=no; y=__Host-session=no": None,
    "__Host-session=one; __Host-session=two": None,
    "__Host-session=caf\u00e9": None,
    "other=1": None,
    "": None,
}


@pytest.mark.parametrize(("sent", "arrives"), COOKIES.items())
def test_our_cookies_alone_go_on(proxied: Proxied, sent: str, arrives: str | None) -> None:
    for host in (ISSUER, MTLS):
        assert seen(Link(proxied.port, host, client()), headers={"Cookie": sent})["cookies"] == arrives


def test_queries_stay_out_of_the_logs(proxied: Proxied) -> None:
    seen(Link(proxied.port, ISSUER, client()), "/authorize?state=very-secret", headers={"Referer": "x?very-secret"})
    log = proxied.folder / "authserver.log"
    wait_until(lambda: '"GET /authorize" 200' in log.read_text(), "the log line")
    logs = [path for path in proxied.folder.iterdir() if path.name == "log" or path.suffix == ".log"]
    assert len(logs) >= 3
    assert not any("very-secret" in path.read_text() for path in logs)


def test_metrics_are_not_for_the_outside(proxied: Proxied) -> None:
    for host in (ISSUER, MTLS):
        assert answer(Link(proxied.port, host, client()), "/metrics")[0].status == 404


def test_no_answer_names_granian_or_a_version(proxied: Proxied) -> None:
    response, _ = answer(Link(proxied.port, ISSUER, client()))
    assert response.headers["Server"] == "nginx"


def test_a_body_larger_than_any_honest_request_ends_at_the_proxy(proxied: Proxied) -> None:
    response, _ = answer(Link(proxied.port, ISSUER, client()), method="POST", body=b"x" * 70_000)
    assert response.status == 413


def test_a_stop_lets_the_running_request_end(tmp_path: Path) -> None:
    path = str(tmp_path / "own.sock")
    with running(probe_command("behind_proxy", f"unix:{path}"), tmp_path / "log") as process:
        wait_until(lambda: accepts(path), "granian")
        with socket.socket(socket.AF_UNIX) as link:
            link.settimeout(10)
            link.connect(path)
            link.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            time.sleep(0.4)
            process.send_signal(signal.SIGTERM)
            assert link.recv(4096).startswith(b"HTTP/1.1 200")
        assert process.wait(10) == 0
