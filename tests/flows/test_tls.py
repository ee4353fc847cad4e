"""gunicorn ending TLS itself: what it offers, whom it asks for a certificate, and what silent peers can do to it."""

import contextlib
import hashlib
import http.client
import json
import signal
import socket
import ssl
import subprocess
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from authserver.serving.tls import TLS_1_2_SUITES, TlsFiles, server_context
from authserver.web.pages.cookies import read_cookie
from tests.support.authority import NOW, Authority, CertificateWithKey, common_name, create_authority, self_signed
from tests.support.servers import ROOT, accepts, free_port, probe_command, running, wait_until

AUTHORITY = create_authority("test authority", NOW)
ALL_1_2_SUITES = "ALL:COMPLEMENTOFALL:@SECLEVEL=0"


@dataclass(frozen=True, slots=True)
class Served:
    """The server under test, with the folder of its files."""

    folder: Path
    port: int
    mtls_port: int
    process: subprocess.Popen[bytes]

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Served]:
    """A server that the test may stop."""
    yield from serve(tmp_path)


def serve(folder: Path) -> Iterator[Served]:
    (folder / "authority.pem").write_bytes(AUTHORITY.pem)
    AUTHORITY.issue_server(("localhost", "127.0.0.1", "::1"), NOW).save(folder, "server")
    port, mtls_port = free_port(), free_port()
    command = probe_command("own_tls", str(folder), f"127.0.0.1:{port}", f"127.0.0.1:{mtls_port}")
    with running(command, folder / "log") as process:
        # The first answer, not the first accepted connection: the worker starts after the sockets listen.
        wait_until(lambda: accepts(("127.0.0.1", port)), "the listener")
        get(port)
        yield Served(folder, port, mtls_port, process)


def client(credential: CertificateWithKey | None = None, folder: Path | None = None) -> ssl.SSLContext:
    context = ssl.create_default_context(cadata=AUTHORITY.pem.decode())
    if credential and folder:
        context.load_cert_chain(*credential.save(folder, "client"))
    return context


def connection(port: int, context: ssl.SSLContext | None = None) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection("127.0.0.1", port, context=context or client(), timeout=15)


def get(port: int, context: ssl.SSLContext | None = None, path: str = "/") -> dict[str, object]:
    link = connection(port, context)
    try:
        link.request("GET", path)
        answer: dict[str, object] = json.loads(link.getresponse().read())
        return answer
    finally:
        link.close()


def shake_hands(port: int, context: ssl.SSLContext) -> tuple[str | None, str | None]:
    """Answer the version and suite that a handshake settles on."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=10)
    with plain, context.wrap_socket(plain, server_hostname="localhost") as wrapped:
        cipher = wrapped.cipher()
        return wrapped.version(), cipher[0] if cipher else None


def limited(version: ssl.TLSVersion, suites: str = ALL_1_2_SUITES) -> ssl.SSLContext:
    """A client that knows one version of TLS alone, and takes whatever suite."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers(suites)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # naming TLS 1.0 is deprecated, which is the point here
        context.minimum_version = context.maximum_version = version
    return context


@pytest.mark.spec("FAPI2-SP-FINAL-5.2.1-2", "FAPI2-SP-FINAL-5.2.1-3", "RFC8705-7.3", "RFC9325-3.1.1")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1])
@pytest.mark.parametrize("listener", ["port", "mtls_port"])
def test_old_versions_are_refused(served: Served, version: ssl.TLSVersion, listener: str) -> None:
    # The alert is the server's: this client would have gone on.
    with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
        shake_hands(getattr(served, listener), limited(version))


@pytest.mark.spec("FAPI2-SP-FINAL-5.2.1-3", "RFC9325-3.1.1")
@pytest.mark.parametrize("listener", ["port", "mtls_port"])
def test_tls_1_3_is_preferred(served: Served, listener: str) -> None:
    assert shake_hands(getattr(served, listener), client())[0] == "TLSv1.3"


@pytest.mark.spec("FAPI2-SP-FINAL-5.2.1-1", "FAPI2-SP-FINAL-5.4.2-1", "RFC6749-1.6", "RFC7662-2-1", "RFC7009-2-2")
@pytest.mark.parametrize("listener", ["port", "mtls_port"])
def test_a_request_without_tls_gets_no_answer(served: Served, listener: str) -> None:
    with socket.create_connection(("127.0.0.1", getattr(served, listener)), timeout=10) as plain:
        plain.sendall(b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n")
        with contextlib.suppress(ConnectionResetError):
            assert b"HTTP" not in plain.recv(4096)


@pytest.mark.spec("FAPI2-SP-FINAL-5.2.2-1", "FAPI2-SP-FINAL-5.2.3-2", "RFC8705-7.3", "RFC9325-4.2")
@pytest.mark.parametrize("listener", ["port", "mtls_port"])
def test_tls_1_2_offers_four_suites_and_no_other(served: Served, listener: str) -> None:
    suites = [suite["name"] for suite in limited(ssl.TLSVersion.TLSv1_2).get_ciphers()]
    accepted = set()
    for name in [name for name in suites if not name.startswith("TLS_")]:
        try:
            accepted.add(
                shake_hands(getattr(served, listener), limited(ssl.TLSVersion.TLSv1_2, f"{name}:@SECLEVEL=0"))[1]
            )
        except (ssl.SSLError, ConnectionResetError):
            continue
    # The server's key is RSA, so of the four the two for RSA can be had.
    assert accepted == {name for name in TLS_1_2_SUITES if "-RSA-" in name}
    assert len(suites) > 40, "this client knows too few suites to prove anything"


@pytest.mark.spec("FAPI2-SP-FINAL-5.2.2-1", "FAPI2-SP-FINAL-5.2.3-2")
def test_the_context_names_just_the_four_suites_for_tls_1_2(served: Served) -> None:
    files = TlsFiles(served.folder / "server.pem", served.folder / "server.key")
    names = [suite["name"] for suite in server_context(files).get_ciphers() if suite["protocol"] == "TLSv1.2"]
    assert sorted(names) == sorted(TLS_1_2_SUITES)


@pytest.mark.spec("RFC8705-2")
def test_the_first_listener_never_asks_and_the_second_takes_what_an_authority_issued(
    served: Served, tmp_path: Path
) -> None:
    credential = AUTHORITY.issue_client(common_name("client"), NOW)
    context = client(credential, tmp_path)
    assert get(served.port, context)["certificate"] is None
    assert get(served.mtls_port, context)["certificate"] == hashlib.sha256(credential.der).hexdigest()
    assert get(served.mtls_port)["certificate"] is None


def certificate_requested(port: int) -> bool:
    """Tell from OpenSSL's own account whether the server asked for a client certificate."""
    command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2", "-state"]
    shown = subprocess.run(command, input=b"", capture_output=True, timeout=15, check=False)
    assert b"Cipher is ECDHE" in shown.stdout
    return b"server certificate request" in shown.stderr


@pytest.mark.spec("RFC8705-2")
def test_a_browser_at_the_first_listener_is_not_asked_to_choose_a_certificate(served: Served) -> None:
    assert certificate_requested(served.mtls_port)
    assert not certificate_requested(served.port)


@pytest.mark.spec("RFC8705-2.2")
def test_a_self_signed_certificate_is_taken_once_registered_and_refused_once_removed(
    served: Served, tmp_path: Path
) -> None:
    credential = self_signed(common_name("registered later"), NOW)
    context = client(credential, tmp_path)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        get(served.mtls_port, context)
    anchor = served.folder / "client.anchor"
    anchor.write_bytes(credential.der)
    time.sleep(2.1)
    assert get(served.mtls_port, context)["certificate"] == hashlib.sha256(credential.der).hexdigest()
    anchor.unlink()
    time.sleep(2.1)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        get(served.mtls_port, context)


@pytest.mark.spec("RFC8705-2.2")
def test_an_anchor_that_cannot_be_read_does_not_shut_the_others_out(served: Served, tmp_path: Path) -> None:
    credential = self_signed(common_name("beside a broken one"), NOW)
    (served.folder / "a.anchor").write_bytes(b"\x30\x03abc")
    (served.folder / "b.anchor").write_bytes(credential.der)
    time.sleep(2.1)
    assert get(served.mtls_port, client(credential, tmp_path))["certificate"] is not None


def expired_by_authority() -> CertificateWithKey:
    return AUTHORITY.issue_client(common_name("late"), NOW, days=-1)


def from_another_authority() -> CertificateWithKey:
    other: Authority = create_authority("test authority", NOW)
    return other.issue_client(common_name("stranger"), NOW)


@pytest.mark.spec("RFC8705-2.1")
@pytest.mark.parametrize("issue", [expired_by_authority, from_another_authority])
def test_an_expired_or_unknown_certificate_ends_the_handshake(
    served: Served, tmp_path: Path, issue: Callable[[], CertificateWithKey]
) -> None:
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        get(served.mtls_port, client(issue(), tmp_path))


def test_an_expired_certificate_is_refused_although_registered(served: Served, tmp_path: Path) -> None:
    credential = self_signed(common_name("expired"), NOW, days=-1)
    (served.folder / "expired.anchor").write_bytes(credential.der)
    time.sleep(2.1)
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        get(served.mtls_port, client(credential, tmp_path))


def test_a_renewed_server_certificate_is_taken_up_without_a_restart(own: Served) -> None:
    def shown() -> bytes | None:
        plain = socket.create_connection(("127.0.0.1", own.port))
        with client().wrap_socket(plain, server_hostname="localhost") as wrapped:
            return wrapped.getpeercert(True)

    before = shown()
    renewed = AUTHORITY.issue_server(("localhost", "127.0.0.1"), NOW)
    renewed.save(own.folder, "server")
    time.sleep(2.1)
    assert before != shown() == renewed.der


def test_headers_cannot_name_a_certificate_or_an_address_here(served: Served) -> None:
    link = connection(served.mtls_port)
    headers = {
        "Client-Cert": ":AAAA:",
        "Client_Cert": ":AAAA:",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "http",
    }
    link.request("GET", "/", headers=headers)
    seen = json.loads(link.getresponse().read())
    assert (seen["certificate"], seen["address"], seen["scheme"]) == (None, "127.0.0.1", "https")
    assert (seen["header"], seen["dropped"]) == (":AAAA:", ["untrusted_peer"])
    link.close()


def test_a_cookie_of_another_site_beyond_ascii_leaves_ours_readable(served: Served) -> None:
    link = connection(served.port)
    link.request("GET", "/", headers={"Cookie": "other=caf\u00e9; __Host-session=abc"})
    seen = json.loads(link.getresponse().read())
    assert read_cookie(seen["cookies"], "__Host-session") == "abc"
    link.close()


@pytest.mark.parametrize("empty", ["", "  "])
def test_an_empty_cookie_header_counts_as_none(served: Served, empty: str) -> None:
    link = connection(served.port)
    link.request("GET", "/", headers={"Cookie": empty})
    assert json.loads(link.getresponse().read())["cookies"] is None
    link.close()


def test_no_answer_names_the_server(served: Served) -> None:
    link = connection(served.port)
    for path in ("/", "/broken"):
        link.request("GET", path)
        answer = link.getresponse()
        answer.read()
        assert answer.headers["Server"] is None
    assert answer.status == 500
    link.close()


def test_a_failure_is_logged_without_the_query(served: Served) -> None:
    link = connection(served.port)
    link.request("GET", "/broken?code=very-secret")
    assert link.getresponse().status == 500
    link.close()
    wait_until(lambda: '"exception":"RuntimeError"' in served.log, "the log line")
    assert "very-secret" not in served.log
    assert {json.loads(line)["event"] for line in served.log.splitlines()} >= {"failed"}


def test_a_connection_serves_many_requests(served: Served) -> None:
    link = connection(served.port)
    link.connect()
    first = link.sock
    for length in (0, 10, 100_000):
        link.request("POST", "/", body=b"x" * length)
        assert json.loads(link.getresponse().read())["body"] == length
    assert link.sock is first
    link.close()


@pytest.mark.parametrize("said", [b"", b"\x16\x03\x01", b"GET / HTTP/1.1\r\n\r\n"])
def test_silent_peers_do_not_keep_others_waiting(served: Served, said: bytes) -> None:
    # As many as there are threads: none of them waits for a peer, in a handshake neither.
    peers = [socket.create_connection(("127.0.0.1", served.port)) for _ in range(4)]
    try:
        for peer in peers:
            peer.sendall(said)
        began = time.monotonic()
        get(served.port)
        assert time.monotonic() - began < 2
    finally:
        for peer in peers:
            peer.close()


def test_peers_that_do_not_close_their_side_do_not_keep_others_waiting(served: Served) -> None:
    peers = []
    began = time.monotonic()
    for _ in range(3):
        plain = socket.create_connection(("127.0.0.1", served.port))
        peers.append(client().wrap_socket(plain, server_hostname="localhost"))
        peers[-1].sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        assert peers[-1].recv(4096).startswith(b"HTTP/1.1 200 OK")
        get(served.port)
    assert time.monotonic() - began < 2
    for peer in peers:
        peer.close()


def tls_peer(port: int) -> ssl.SSLSocket:
    """A connection on which a test says what it likes."""
    plain = socket.create_connection(("127.0.0.1", port), timeout=15)
    return client().wrap_socket(plain, server_hostname="localhost")


def received(peer: ssl.SSLSocket) -> tuple[bytes, bytes]:
    """Everything until the server closes, as head and body of the first answer."""
    head, _, body = b"".join(iter(lambda: peer.recv(4096), b"")).partition(b"\r\n\r\n")
    return head, body


HALVES = (
    b"GET / HTTP/1.1\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n0\r\n\r\n0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;" + b"a" * 400,
)


@pytest.mark.parametrize("said", HALVES)
def test_peers_that_fall_silent_in_mid_request_do_not_keep_others_waiting(served: Served, said: bytes) -> None:
    peers = [tls_peer(served.port) for _ in range(4)]
    for peer in peers:
        peer.sendall(said)
    began = time.monotonic()
    get(served.port)
    assert time.monotonic() - began < 2
    for peer in peers:
        peer.close()


@pytest.mark.spec("RFC9110-15.5.9")
def test_half_a_request_is_told_that_it_is_late(served: Served) -> None:
    with tls_peer(served.port) as peer:
        peer.sendall(b"POST /token?code=very-secret HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nvery")
        head, body = received(peer)
    assert head.startswith(b"HTTP/1.1 408 ")
    assert json.loads(body)["error"] == "invalid_request"
    assert "very-secret" not in served.log


MALFORMED = {
    b"GET /?code=very-secret HTTP/9.9\r\nHost: localhost\r\n\r\n": 400,
    b"GET /a very-secret HTTP/1.1\r\nHost: localhost\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nVery secret: 1\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: 1\r\n folded very-secret\r\n\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: very-secret\x00\r\n\r\n": 400,
    b"GET /" + b"very-secret" * 1000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n": 414,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"very-secret" * 1000 + b"\r\n\r\n": 431,
    b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: very-secret\r\n" * 100 + b"\r\n": 431,
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: very-secret\r\n\r\n": 501,
    b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nvery-secret": 400,
    b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nvery-secret\r\n": 400,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nExpect: very-secret\r\n\r\n": 417,
    b"very-secret\r\n\r\n": 400,
}


@pytest.mark.spec("RFC9112-2.2")
@pytest.mark.parametrize(("octets", "status"), MALFORMED.items())
def test_what_is_no_request_is_answered_in_our_words_and_logged_without_its_own(
    served: Served, octets: bytes, status: int
) -> None:
    with tls_peer(served.port) as peer:
        peer.sendall(octets)
        head, body = received(peer)
    lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:])}
    answer = json.loads(body)
    assert lines[0].startswith(f"HTTP/1.1 {status} ")
    assert (answer["error"], headers["connection"], headers["cache-control"]) == (
        "invalid_request",
        "close",
        "no-store",
    )
    assert headers["x-correlation-id"] == answer["correlation_id"]
    assert "strict-transport-security" in headers
    wait_until(lambda: answer["correlation_id"] in served.log, "the log line")
    assert "very" not in served.log.lower()
    assert all(json.loads(line) for line in served.log.splitlines())


@pytest.mark.spec("RFC9110-10.1.1")
def test_a_peer_that_waits_to_be_told_to_continue_is_told(served: Served) -> None:
    with tls_peer(served.port) as peer:
        peer.sendall(
            b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n"
        )
        assert peer.recv(4096).startswith(b"HTTP/1.1 100 ")
        peer.sendall(b"12345")
        assert b'"body": 5' in b"".join(received(peer))


def test_requests_sent_at_once_and_in_pieces_are_all_answered(served: Served) -> None:
    one = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345"
    last = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    with tls_peer(served.port) as peer:
        everything = one * 3 + last + b"3;a=b\r\n123\r\n2\r\n45\r\n0\r\n\r\n"
        for start in range(0, len(everything), 50):
            peer.sendall(everything[start : start + 50])
            time.sleep(0.01)
        assert b"".join(received(peer)).count(b'"body": 5') == 4


def test_a_refused_handshake_is_a_line_of_our_log(served: Served, tmp_path: Path) -> None:
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        get(served.mtls_port, client(from_another_authority(), tmp_path))
    with pytest.raises(ssl.SSLError):
        shake_hands(served.port, limited(ssl.TLSVersion.TLSv1_1))
    wait_until(lambda: served.log.count('"event":"handshake.refused"') >= 2, "the log lines")
    facts = [line for line in map(json.loads, served.log.splitlines()) if line["event"] == "handshake.refused"]
    assert {"address", "port", "reason", "level", "timestamp"} <= facts[0].keys()
    assert {fact["port"] for fact in facts} >= {served.port, served.mtls_port}


def test_a_stop_lets_the_running_request_end(own: Served) -> None:
    answers: list[dict[str, object]] = []
    request = threading.Thread(target=lambda: answers.append(get(own.port, path="/slow")))
    request.start()
    time.sleep(0.4)
    own.process.send_signal(signal.SIGTERM)
    request.join(10)
    assert [answer["path"] for answer in answers] == ["/slow"]
    assert own.process.wait(10) == 0
    assert not accepts(("127.0.0.1", own.port))


def ask_until_closed(port: int, ends: list[str]) -> None:
    """Ask again and again on one connection; tell how it ended."""
    link = connection(port)
    try:
        while True:
            link.request("GET", "/")
            answer = link.getresponse()
            answer.read()
            if answer.headers["Connection"] == "close":
                ends.append("closed in words")
                return
    except OSError as error:
        ends.append(type(error).__name__)
    finally:
        link.close()


def test_a_stop_refuses_who_comes_and_answers_who_is_there(own: Served) -> None:
    """Nobody hangs, nobody is reset: what was asked is answered, and after it the connection closes in words."""
    ends: list[str] = []

    def ask_slowly() -> None:
        ends.append(str(get(own.port, path="/slow")["path"]))

    busy = [threading.Thread(target=ask_until_closed, args=(own.port, ends)) for _ in range(5)]
    slow, idle, half = threading.Thread(target=ask_slowly), tls_peer(own.port), tls_peer(own.port)
    half.sendall(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf")
    for thread in (*busy, slow):
        thread.start()
    time.sleep(0.5)
    own.process.send_signal(signal.SIGTERM)
    wait_until(lambda: not accepts(("127.0.0.1", own.port)), "a refused connection", patience_seconds=1)
    for thread in (*busy, slow):
        thread.join(10)
    assert ends.count("closed in words") == 5, ends
    assert "/slow" in ends
    with idle, half:
        assert idle.recv(10) == b"", "an end in words of TLS"
        head, body = received(half)
    assert head.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: " in head
    assert json.loads(body)["error"] == "temporarily_unavailable"
    assert own.process.wait(10) == 0


def test_a_second_server_on_the_same_port_is_refused_in_words(served: Served) -> None:
    command = probe_command("own_tls", str(served.folder), f"127.0.0.1:{served.port}", f"127.0.0.1:{free_port()}")
    told = subprocess.run(command, capture_output=True, timeout=30, check=False, cwd=ROOT)
    assert told.returncode != 0
    assert f"another server listens on 127.0.0.1:{served.port} already".encode() in told.stderr
