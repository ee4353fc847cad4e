"""The shipped nginx configuration, run on a loopback port by this machine's nginx, and our server behind it."""

import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.authority import NOW, Authority
from tests.support.live_server import LiveServer
from tests.support.programs import find_program
from tests.support.servers import ROOT, accepts, running, wait_until
from tests.support.wire import Wire

ISSUER_HOST, MTLS_HOST = "auth.example.com", "mtls.auth.example.com"
CONFIGURATION = ROOT / "deploy" / "nginx" / "authserver.conf"
SOCKET = "authserver.sock"
FRAME = """
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/authserver.conf;
}}
"""


@contextmanager
def nginx(folder: Path, port: int, authority: Authority, sockets: Sequence[Path] = ()) -> Iterator[None]:
    """Run nginx with a certificate for both hosts: before these sockets in turn, or `authserver.sock` in its folder."""
    authority.issue_server((ISSUER_HOST, MTLS_HOST), NOW).save(folder, "server")
    command = [
        find_program("nginx") or "nginx",
        "-c",
        str(_render(folder, port, sockets or (folder / SOCKET,))),
        "-p",
        str(folder),
    ]
    with running(command, folder / "nginx.log"):
        wait_until(lambda: accepts(("127.0.0.1", port)), "nginx")
        yield


def _render(folder: Path, port: int, sockets: Sequence[Path]) -> Path:
    """Write the shipped configuration with this run's ports and paths, and nothing else changed."""
    text = CONFIGURATION.read_text()
    for shipped, rendered in (
        ("listen 443 ", f"listen 127.0.0.1:{port} "),
        ("listen [::]:443 ", f"listen unix:{folder}/second.sock "),
        ("    server unix:/run/authserver/authserver.sock;", "".join(f"    server unix:{path};\n" for path in sockets)),
        ("/etc/authserver/tls/fullchain.pem", f"{folder}/server.pem"),
        ("/etc/authserver/tls/privkey.pem", f"{folder}/server.key"),
        ("/var/log/nginx/", f"{folder}/"),
    ):
        assert shipped in text, "the shipped configuration has changed: render it anew here"
        text = text.replace(shipped, rendered)
    (folder / "authserver.conf").write_text(text)
    frame = folder / "nginx.conf"
    # Started as root, nginx would drop to a user who cannot read this run's folder.
    user = "user root;" if os.geteuid() == 0 else ""
    frame.write_text(user + FRAME.format(folder=folder))
    return frame


@dataclass(frozen=True, slots=True)
class ProxiedServer(LiveServer):
    """A server that is reached through nginx alone; both its hosts are at `port`."""

    @property
    def issuer(self) -> str:
        """The issuer identifier."""
        return f"https://{ISSUER_HOST}"

    @property
    def mtls_origin(self) -> str:
        """The origin that asks for certificates."""
        return f"https://{MTLS_HOST}"

    @property
    def wire(self) -> Wire:
        """The way in."""
        return Wire(self.authority.pem, {ISSUER_HOST: self.port, MTLS_HOST: self.port})

    def answers(self) -> bool:
        """Tell whether the server is ready behind nginx."""
        return self.wire.send(self.issuer + "/readyz").status_code == 200

    def environment(self, **settings: str) -> Mapping[str, str]:
        """Return the environment in which `authserver serve` finds its configuration."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("AUTHSERVER_")}
        return {**kept, "AUTHSERVER_CONFIG": str(self.folder / "authserver.toml"), **settings}


@contextmanager
def proxied_server(folder: Path, port: int, authority: Authority) -> Iterator[ProxiedServer]:
    """Set a server up as `deploy/nginx/README.md` says, and run both until the body ends."""
    server = ProxiedServer(folder, port, port, authority)
    (folder / "authority.pem").write_bytes(authority.pem)
    server.command("init", "--issuer", server.issuer, "--dir", str(folder))
    settings = {
        "mtls_origin": server.mtls_origin,
        "listen": f"unix:{folder}/{SOCKET}",
        "trusted_proxies": ["unix"],
        "client_cert_header": "rfc9440",
        "client_ca_file": str(folder / "authority.pem"),
        "limits_path": str(folder / "limits.sqlite"),
    }
    with (folder / "authserver.toml").open("a", encoding="utf-8") as config:
        config.writelines(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())
    with running(SERVE, folder / "log", server.environment()) as process, nginx(folder, port, authority):
        wait_until(lambda: process.poll() is not None or server.answers(), "the server's first answer")
        assert process.poll() is None, (folder / "log").read_text()
        yield server


SERVE = [sys.executable, "-m", "authserver.cli.main", "serve"]
