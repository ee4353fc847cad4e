"""An introspection endpoint over mutual TLS that answers as told, and the kit's client of it."""

import http.server
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from authserver.resource.introspected_tokens import ClientCertificate, IntrospectedTokens
from tests.support.authority import NOW, common_name, create_authority

_JSON = {"Content-Type": "application/json"}


@contextmanager
def introspecting(
    folder: Path,
    status: int,
    body: bytes,
    seen: list[bytes],
    *,
    headers: Mapping[str, str] = _JSON,
    drip_seconds: float = 0,
    **kit: Any,  # noqa: ANN401 - whatever the kit takes
) -> Iterator[IntrospectedTokens]:
    """Answer every question alike; `seen` gets the bodies of the questions.

    With `drip_seconds` the answer comes one octet at a time, so long apart. `kit` goes to the kit.
    """
    authority = create_authority("test authority", NOW)
    server_files = authority.issue_server(("localhost", "127.0.0.1"), NOW).save(folder, "server")
    client_files = authority.issue_client(common_name("bank"), NOW).save(folder, "client")
    (folder / "authority.pem").write_bytes(authority.pem)

    class Endpoint(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Location", "/elsewhere")
            with suppress(OSError):  # whoever waits for drops may give up
                self.end_headers()
                self.wfile.write(body)

        def flush_headers(self) -> None:
            if not drip_seconds:
                return super().flush_headers()
            head: list[bytes] = vars(self)["_headers_buffer"]
            for octet in b"".join(head) + body:
                self.wfile.write(bytes([octet]))
                time.sleep(drip_seconds)
            return None

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "authority.pem"))
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(*server_files)
    with http.server.HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        url = f"https://127.0.0.1:{server.server_address[1]}/introspect"
        source = IntrospectedTokens(
            url,
            "bank",
            ClientCertificate(*client_files),
            folder / "authority.pem",
            **kit,
        )
        try:
            yield source
        finally:
            server.shutdown()
            thread.join()
            source.close()
