"""A real HTTPS server on loopback that serves whatever a test gives it, and misbehaves as told."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.authority import NOW, create_authority

HOST = "keys.test"
_DRIP_SECONDS = 0.05


@dataclass
class KeyServer:
    """Answers each connection with `answer`, octet for octet; counts them, and keeps what they asked.

    `drips` sends it one octet at a time; `is_mute` accepts and never even starts TLS.
    """

    listener: socket.socket
    tls: ssl.SSLContext
    ca_file: str
    answer: bytes = b""
    drips: bool = False
    is_mute: bool = False
    requests: list[bytes] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    @property
    def authority(self) -> str:
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        return f"https://{self.authority}/jwks?client=1"

    def serve(self, body: bytes, *, status: str = "200 OK", headers: str = "Content-Type: application/json") -> None:
        """Answer with a body from now on."""
        head = f"HTTP/1.1 {status}\r\n{headers}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.answer = head.encode() + body

    def run(self) -> None:
        """Serve one connection after another until stopped."""
        while not self.stopped.is_set():
            with suppress(OSError):  # whoever connects may hang up at any moment, and that is often the case tested
                self._serve_one()

    def _serve_one(self) -> None:
        connection, _ = self.listener.accept()
        with connection:
            if self.is_mute:
                self.stopped.wait(5)
                return
            with self.tls.wrap_socket(connection, server_side=True) as secured:
                self.requests.append(secured.recv(65_536))
                self._send(secured)
                secured.unwrap()

    def _send(self, secured: ssl.SSLSocket) -> None:
        if not self.drips:
            secured.sendall(self.answer)
            return
        for octet in self.answer:
            if self.stopped.is_set():
                return
            secured.sendall(bytes([octet]))
            time.sleep(_DRIP_SECONDS)


@contextmanager
def key_server(folder: Path) -> Iterator[KeyServer]:
    """Run a server at `keys.test`, which only a resolver of the test's own can find, under a throw-away authority."""
    authority = create_authority("Throw-away", NOW)
    certificate, key = authority.issue_server((HOST,), NOW).save(folder, "server")
    ca_file = folder / "ca.pem"
    ca_file.write_bytes(authority.pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = KeyServer(listener, tls, str(ca_file))
        thread = threading.Thread(target=server.run)
        thread.start()
        try:
            yield server
        finally:
            server.stopped.set()
            socket.create_connection(listener.getsockname()).close()
            thread.join()
