"""Two nodes: processes with folders of their own that share a PostgreSQL and a Valkey, behind one nginx in turn."""

import base64
import json
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from tests.support.authority import NOW, CertificateWithKey, common_name, create_authority
from tests.support.databases import new_postgresql_database
from tests.support.jose import private_key, public_jwk
from tests.support.nginx import SERVE, SOCKET, ProxiedServer, nginx
from tests.support.relying_party import REDIRECT_URI
from tests.support.servers import accepts, free_port, running, wait_until
from tests.support.valkey import Valkey, valkey
from tests.support.wire import PRESENT, Wire, WireApp, WireReply

BANK = "https://bank.example/"
_FORM = "application/x-www-form-urlencoded"
_PATIENCE_SECONDS = 15
_START_SECONDS = 60.0  # two servers begin at once, on a machine that may have other work
_WATCHED_SECONDS = 3.0
_GENEROUS = "6000/minute"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NodeWire(Wire):
    """The way to one node past nginx, through its socket, with the headers that nginx would send."""

    path: Path = Path()

    def send(
        self,
        url: str,
        form: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        certificate: CertificateWithKey | None = None,
        method: str | None = None,
    ) -> WireReply:
        """Send one request on a connection of its own; follow nothing."""
        parts = urlsplit(url)
        sent = {"Host": parts.netloc, **({} if form is None else {"Content-Type": _FORM}), **(headers or {})}
        if certificate is not None:
            sent["Client-Cert"] = f":{base64.b64encode(certificate.der).decode()}:"
        with closing(HTTPConnection("localhost", timeout=_PATIENCE_SECONDS)) as link:
            link.sock = socket.socket(socket.AF_UNIX)
            link.sock.settimeout(_PATIENCE_SECONDS)
            link.sock.connect(str(self.path))
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            link.request(method or ("GET" if form is None else "POST"), target, form, sent)
            response = link.getresponse()
            return WireReply(url, response.status, response.headers, response.read().decode())


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its folder, and the way to it alone."""

    folder: Path

    @property
    def wire(self) -> NodeWire:
        """The way in, past nginx."""
        return NodeWire(b"", path=self.folder / SOCKET)

    def answered(self, path: str) -> int:
        """Count the requests to a path that this node answered."""
        return (self.folder / "log").read_text().count(f'"path":"{path}"')


@dataclass(frozen=True, slots=True)
class Cluster(ProxiedServer):
    """The nodes behind nginx. `folder`, and so every command, is the first node's."""

    nodes: tuple[Node, ...] = ()
    valkey: Valkey = field(default_factory=lambda: Valkey(Path()))

    def add_app(self, client_id: str = "", *, binding: str = "mtls", **metadata: object) -> WireApp:
        """Register an app that signs assertions, its tokens bound to a certificate or by DPoP."""
        name = client_id or f"app-{secrets.token_hex(4)}"
        key = private_key("ES256", name)
        self.add_client(
            **{**app_metadata(name, binding), "jwks": {"keys": [public_jwk(key, kid=key.thumbprint())]}, **metadata}
        )
        certificate = self.authority.issue_client(common_name(name), NOW) if binding == "mtls" else None
        return WireApp(
            PRESENT,
            name,
            binding=binding,
            certificate=certificate,
            key=key,
            wire=self.wire,
            issuer=self.issuer,
            mtls_origin=self.mtls_origin,
        )

    def add_bank(self) -> WireApp:
        """Register a bank's API, known by its certificate, which may ask about the tokens that are for it.

        It is there for every node: a token that one issued before it had heard of the API would not be for it.
        """
        self.add_client(
            client_id="bank",
            grant_types=["client_credentials"],
            scope="introspection",
            token_endpoint_auth_method="tls_client_auth",
            tls_client_auth_subject_dn="CN=bank",
            resource=[BANK],
            resource_scopes="accounts",
        )
        wait_until(lambda: all(self._knows_bank(node) for node in self.nodes), "the bank known to every node")
        certificate = self.authority.issue_client(common_name("bank"), NOW)
        ways: dict[str, Any] = {"wire": self.wire, "issuer": self.issuer, "mtls_origin": self.mtls_origin}
        return WireApp(PRESENT, "bank", "tls_client_auth", certificate=certificate, **ways)

    def _knows_bank(self, node: Node) -> bool:
        metadata = node.wire.send(f"{self.issuer}/.well-known/openid-configuration").json
        return "accounts" in metadata["scopes_supported"]


def app_metadata(client_id: str, binding: str) -> dict[str, object]:
    """Return what an app registers beside its keys."""
    return {
        "client_id": client_id,
        "client_name": "Tiny Ledger",
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid email accounts",
        "token_endpoint_auth_method": "private_key_jwt",
        "tls_client_certificate_bound_access_tokens": binding == "mtls",
        "dpop_bound_access_tokens": binding == "dpop",
    }


@contextmanager
def cluster(folder: Path, count: int = 2, **settings: str) -> Iterator[Cluster]:
    """Set nodes up as `docs/deployment.md` says, and run them until the body ends."""
    authority, port = create_authority("Live test authority", NOW), free_port()
    database_url = new_postgresql_database(f"nodes_{secrets.token_hex(4)}")
    with ExitStack() as stack:
        shared = stack.enter_context(valkey(folder))
        nodes = tuple(Node(folder / f"node-{number}") for number in range(count))
        server = Cluster(nodes[0].folder, port, port, authority, nodes, shared)
        for node in nodes:
            node.folder.mkdir()
            _configure(server, node, {"database_url": database_url, "valkey_url": shared.url, **settings})
        server.command("init", "--issuer", server.issuer, "--dir", str(server.folder))
        for node in nodes[1:]:
            shutil.copy(server.folder / "master.key", node.folder)
        for node in nodes:
            stack.enter_context(served(server, node))
        wait_until(
            lambda: all(accepts(str(node.folder / SOCKET)) for node in nodes),
            "the nodes",
            patience_seconds=_START_SECONDS,
        )
        stack.enter_context(nginx(folder, port, authority, tuple(node.folder / SOCKET for node in nodes)))
        wait_until(server.answers, "the first answer", patience_seconds=_START_SECONDS)
        yield server


@contextmanager
def served(server: Cluster, node: Node) -> Iterator[None]:
    """Serve a node until the body ends."""
    with running(SERVE, node.folder / "log", node_environment(server, node)):
        yield


def node_environment(server: Cluster, node: Node) -> Mapping[str, str]:
    """Return the environment in which a node finds its own configuration."""
    return server.environment(AUTHSERVER_CONFIG=str(node.folder / "authserver.toml"))


def _configure(server: Cluster, node: Node, settings: Mapping[str, str]) -> None:
    """Write a node's configuration, and what it reads beside it."""
    (node.folder / "authority.pem").write_bytes(server.authority.pem)
    members = {
        "issuer": server.issuer,
        "mtls_origin": server.mtls_origin,
        "data_dir": str(node.folder),
        "listen": f"unix:{node.folder}/{SOCKET}",
        "trusted_proxies": ["unix"],
        "client_cert_header": "rfc9440",
        "client_ca_file": str(node.folder / "authority.pem"),
        "limits_path": str(node.folder / "limits.sqlite"),
        "limit_sign_in_address": _GENEROUS,
        "limit_second_factor_address": _GENEROUS,
        **settings,
    }
    text = "".join(f"{name} = {json.dumps(value)}\n" for name, value in members.items())
    (node.folder / "authserver.toml").write_text(text, encoding="utf-8")


def seconds_until_settled(change: Callable[[], object], acts: Mapping[T, Callable[[], bool]]) -> Mapping[T, float]:
    """Make a change, ask each act for three seconds whether it is in force, and return how long each one said no.

    That is from the change's end until the last question that was answered as before was put; 0 where there was none.
    """
    change()
    changed, last = time.monotonic(), dict.fromkeys(acts, 0.0)
    while (now := time.monotonic()) < changed + _WATCHED_SECONDS:
        for name, is_in_force in acts.items():
            asked = time.monotonic()
            if not is_in_force():
                last[name] = asked - changed
        time.sleep(max(0.0, 0.05 - (time.monotonic() - now)))
    return last
