"""The server as it is really run: set up by its command line, its own TLS, a process of its own on free ports."""

import json
import os
import ssl
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from authserver.accounts.factors.recovery import codes as recovery
from authserver.accounts.store import people
from authserver.cli.main import main
from tests.support.authority import Authority, create_authority
from tests.support.databases import connected, sqlite_url
from tests.support.deployment import PASSWORD, SEED
from tests.support.servers import free_port, running, wait_until

_GENEROUS = "6000/minute"
_START_SECONDS = 60.0  # workers that begin together, on a machine that may have other work


@dataclass(frozen=True, slots=True)
class LiveServer:
    """A running server: `authority` issued its certificate, and issues those of its clients."""

    folder: Path
    port: int
    mtls_port: int
    authority: Authority

    @property
    def issuer(self) -> str:
        """The issuer identifier."""
        return f"https://localhost:{self.port}"

    def command(self, *arguments: str, given: str = "") -> str:
        """Run the `authserver` command with `given` on its standard input; answer its standard output."""
        environment = {"AUTHSERVER_CONFIG": str(self.folder / "authserver.toml")}
        result = CliRunner().invoke(main, arguments, input=given, env=environment)
        assert result.exit_code == 0, result.output
        return result.stdout

    def add_client(self, **metadata: object) -> None:
        """Register a client."""
        self.command("client", "add", "-", "--json", given=json.dumps(metadata))

    def add_person(self, username: str) -> Mapping[str, str]:
        """Create an account with an authenticator app; answer what the person knows."""
        email = f"{username}@people.example"
        self.command("user", "add", username, "--password-stdin", "--email", email, given=PASSWORD + "\n")
        self.command("user", "totp", username, "--secret", SEED)
        return {"username": username, "password": PASSWORD, "seed": SEED}

    def add_recovery_codes(self, username: str) -> tuple[str, ...]:
        """Give a person recovery codes; answer them."""
        codes = recovery.new_codes(os.urandom)
        url = sqlite_url(next(self.folder.rglob("authserver.sqlite")))
        with connected(url) as database, database.transaction() as connection:
            account = people.find_by_username(connection, username)
            assert account is not None
            recovery.replace_codes(connection, account.account_id, codes, int(time.time()))
        return codes

    def answers(self) -> bool:
        """Tell whether the server is ready."""
        try:
            return self._get("/readyz")[0] == HTTPStatus.OK
        except (OSError, HTTPException):
            return False

    def known_scopes(self) -> frozenset[str]:
        """Answer the scopes of the metadata; those of a new resource server appear a moment after its registration."""
        return frozenset(json.loads(self._get("/.well-known/openid-configuration")[1])["scopes_supported"])

    def _get(self, path: str) -> tuple[int, bytes]:
        context = ssl.create_default_context(cadata=self.authority.pem.decode())
        with closing(HTTPSConnection("localhost", self.port, context=context, timeout=5)) as connection:
            connection.request("GET", path)
            response = connection.getresponse()
            return response.status, response.read()


@contextmanager
def live_server(folder: Path, **settings: object) -> Iterator[LiveServer]:
    """Set a server up in a folder, run it until the body ends."""
    now = int(time.time())
    server = LiveServer(folder, free_port(), free_port(), create_authority("Live test authority", now))
    (folder / "authority.pem").write_bytes(server.authority.pem)
    server.authority.issue_server(("localhost", "127.0.0.1"), now).save(folder, "server")
    server.command("init", "--issuer", server.issuer, "--dir", str(folder))
    _add_settings(server, settings)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AUTHSERVER_")}
    environment["AUTHSERVER_CONFIG"] = str(folder / "authserver.toml")
    command = [sys.executable, "-m", "authserver.cli.main", "serve"]
    with running(command, folder / "log", environment) as process:
        wait_until(
            lambda: process.poll() is not None or server.answers(),
            "the server's first answer",
            patience_seconds=_START_SECONDS,
        )
        assert process.poll() is None, (folder / "log").read_text()
        yield server


def _add_settings(server: LiveServer, settings: Mapping[str, object]) -> None:
    """Add to the configuration that `init` wrote."""
    folder = server.folder
    members: dict[str, Any] = {
        "mtls_origin": f"https://localhost:{server.mtls_port}",
        "listen": f"127.0.0.1:{server.port}",
        "listen_mtls": f"127.0.0.1:{server.mtls_port}",
        "tls_cert_file": str(folder / "server.pem"),
        "tls_key_file": str(folder / "server.key"),
        "client_ca_file": str(folder / "authority.pem"),
        "limits_path": str(folder / "limits.sqlite"),
        "limit_sign_in_address": _GENEROUS,
        "limit_second_factor_address": _GENEROUS,
        **settings,
    }
    with (folder / "authserver.toml").open("a", encoding="utf-8") as config:
        config.writelines(f"{name} = {json.dumps(value)}\n" for name, value in members.items())
