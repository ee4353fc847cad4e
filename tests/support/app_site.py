"""The site of an app and of a third party behind it, over TLS on loopback: where a browser ends up after the server."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qsl, urlsplit

from tests.support.authority import NOW, Authority

APP_HOST, THIRD_HOST = "app.example", "elsewhere.example"
PAGE = """<!doctype html><html lang="en"><title>{host}</title><link rel="icon" href="data:,"><h1>{host}</h1>"""


@dataclass(frozen=True, slots=True)
class AppSite:
    """A running site; both hosts are on one port."""

    port: int
    arrivals: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    @property
    def callback(self) -> str:
        """The redirect URI at which the person stays."""
        return f"https://{APP_HOST}:{self.port}/callback"

    @property
    def callback_onward(self) -> str:
        """The redirect URI that sends the person on to another origin."""
        return f"https://{APP_HOST}:{self.port}/onward"

    @property
    def third_page(self) -> str:
        """Where that one sends the person."""
        return f"https://{THIRD_HOST}:{self.port}/arrived"

    def answer(self, state: str) -> tuple[str, dict[str, str]]:
        """Return the method and the parameters with which the answer to one request came, once."""
        found = [(method, given) for method, _, given in self.arrivals if given.get("state") == state]
        assert len(found) == 1, f"{len(found)} answers for {state}"
        return found[0]


class _QuietServer(ThreadingHTTPServer):
    """Says nothing of peers that break off, as browsers do before a certificate they do not know."""

    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def app_site(folder: Path, authority: Authority) -> Iterator[AppSite]:
    """Run the site until the body ends."""
    arrivals: list[tuple[str, str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        """Notes what arrives; shows a page, or sends on."""

        def do_GET(self) -> None:
            self._arrive(urlsplit(self.path).query)

        def do_POST(self) -> None:
            self._arrive(self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _arrive(self, given: str) -> None:
            path, host = urlsplit(self.path).path, self.headers["Host"].partition(":")[0]
            arrivals.append((self.command, path, dict(parse_qsl(given))))
            if path == "/onward":
                self.send_response(303)
                self.send_header("Location", f"https://{THIRD_HOST}:{self.server.server_port}/arrived")  # type: ignore[attr-defined]  # it is an HTTPServer
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(PAGE.format(host=host).encode())

        def log_message(self, *_: object) -> None:
            """Say nothing on standard error."""

    server = _QuietServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue_server((APP_HOST, THIRD_HOST), NOW).save(folder, "app-site"))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield AppSite(server.server_port, arrivals)
    finally:
        server.shutdown()
        server.server_close()
