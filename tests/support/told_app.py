"""An app that is told when a session ends: a real HTTPS server on loopback that keeps what it got."""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from tests.support.authority import NOW, create_authority

HOST = "localhost"


@dataclass
class ToldApp:
    """Answers each POST with `status`, after `pause_seconds`, and keeps path, headers and form."""

    port: int
    ca_file: str
    status: int = 200
    pause_seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    received: list[tuple[str, dict[str, str], dict[str, list[str]]]] = field(default_factory=list)
    times: list[float] = field(default_factory=list)

    @property
    def authority(self) -> str:
        return f"{HOST}:{self.port}"

    def url(self, path: str = "/backchannel_logout") -> str:
        """Return an address of it."""
        return f"https://{self.authority}{path}"

    def tokens(self) -> list[str]:
        """Return every logout token that came."""
        return [form["logout_token"][0] for _, _, form in self.received]


@contextmanager
def told_app(folder: Path) -> Iterator[ToldApp]:
    """Run one for the time of a test."""
    folder.mkdir(parents=True, exist_ok=True)
    authority = create_authority("Throw-away", NOW)
    certificate, key = authority.issue_server((HOST,), NOW).save(folder, "server")
    (folder / "ca.pem").write_bytes(authority.pem)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    app = ToldApp(0, str(folder / "ca.pem"))

    class Handler(BaseHTTPRequestHandler):
        def setup(self) -> None:
            self.request = tls.wrap_socket(self.request, server_side=True)
            super().setup()

        def finish(self) -> None:
            super().finish()
            self.request.close()

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            app.received.append((self.path, dict(self.headers), parse_qs(body.decode())))
            app.times.append(time.monotonic())
            time.sleep(app.pause_seconds)
            self.send_response(app.status)
            for name, value in app.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:  # whoever connects may hang up, as some tests have it
            pass

    with Server(("127.0.0.1", 0), Handler) as server:
        app.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield app
        finally:
            server.shutdown()
            thread.join()
