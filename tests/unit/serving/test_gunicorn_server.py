"""What is refused before anything listens, and the connection that gunicorn would count down twice."""

import socket
from pathlib import Path

import pytest
from gunicorn.config import Config

from authserver.serving.connections import Connection
from authserver.serving.gunicorn_server import OwnTlsServer
from authserver.serving.tls import TlsFiles
from authserver.web.listen import ListenAddress, parse_listen

FILES = TlsFiles(Path("server.pem"), Path("server.key"))


def server(listen: str, listen_mtls: str | None) -> OwnTlsServer:
    second = parse_listen(listen_mtls) if listen_mtls else None
    return OwnTlsServer("module:application", FILES, parse_listen(listen), second, tuple)


def test_both_listeners_are_bound() -> None:
    assert server("127.0.0.1:8443", "[::1]:8444").binds() == ["127.0.0.1:8443", "[::1]:8444"]
    assert server(":8443", None).binds() == ["0.0.0.0:8443"]


@pytest.mark.parametrize(
    ("listen", "listen_mtls"),
    [(":8443", ":8443"), ("127.0.0.1:1", "127.0.0.2:1"), ("unix:/a", None), (":1", "unix:/a")],
)
def test_listeners_that_cannot_be_told_apart_or_carry_no_tls_are_refused(listen: str, listen_mtls: str | None) -> None:
    with pytest.raises(ValueError, match=r"different ports|Unix socket"):
        server(listen, listen_mtls).binds()


def test_closing_after_a_failed_handshake_is_quiet() -> None:
    ours, theirs = socket.socketpair()
    connection = Connection(Config(), ours, ("127.0.0.1", 1), ListenAddress())
    theirs.close()
    # What a failed handshake leaves behind: the socket object without its descriptor.
    socket.socket(fileno=ours.detach()).close()
    connection.close(graceful=True)
