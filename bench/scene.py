"""The deployment that is measured: one server for each database, with the same clients, keys and settings."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from authserver.accounts.store import people as accounts
from authserver.cli.init import prepare_store
from authserver.clients.registration import prepare_registration
from authserver.clients.store import insert_client
from authserver.db.engine import Database
from authserver.keys.master_key import create_master_key
from authserver.sandbox.authority import Authority
from authserver.settings.load import load_settings_from
from authserver.settings.model import Settings
from bench.cores import Cores, pinned
from bench.generator import Address, BenchFailed
from bench.messages import ISSUER, REDIRECT_URI, BenchClient, new_client
from bench.stores import ROOT, Store

BANK = "https://bank.example/"
THREADS = 4
_UNREACHED = "100000000/minute"  # counted like any limit, and never met
_PATIENCE_SECONDS = 30.0
_STOP_SECONDS = 10.0
_OK = 200


@dataclass(frozen=True, slots=True)
class Clients:
    """Who asks: two apps, and two resource servers whose tokens are opaque, each by either method."""

    app: BenchClient
    tls_app: BenchClient
    vault: BenchClient
    keyed_vault: BenchClient


@dataclass(frozen=True, slots=True)
class Scene:
    """One deployment; `folder` holds its configuration, `account_id` is the person whose grants are refreshed."""

    store: Store
    folder: Path
    settings: Settings
    address: Address
    clients: Clients
    account_id: str

    @property
    def configuration(self) -> Path:
        """Return the configuration file."""
        return self.folder / "authserver.toml"


def new_clients(authority: Authority, now: int) -> Clients:
    """Make the clients' keys and certificates."""
    return Clients(
        app=new_client("bench-app", authority, now, signs=True),
        tls_app=new_client("bench-tls-app", authority, now, signs=False),
        vault=new_client("bench-vault", authority, now, signs=False),
        keyed_vault=new_client("bench-keyed-vault", authority, now, signs=True),
    )


def prepare_scene(
    store: Store, folder: Path, clients: Clients, authority: Authority, port: int, log_level: str
) -> Scene:
    """Write a deployment's configuration, make its schema and keys, and register the clients and one person."""
    folder.mkdir(exist_ok=True)
    (folder / "clients.pem").write_bytes(authority.pem)
    members = {
        "issuer": ISSUER,
        "database_url": store.url,
        "data_dir": str(folder),
        "listen": f"127.0.0.1:{port}",
        "threads": THREADS,
        "trusted_proxies": ["127.0.0.1/32"],
        "client_cert_header": "rfc9440",
        "client_ca_file": str(folder / "clients.pem"),
        "limit_client": _UNREACHED,
        "limits_path": str(_limits_folder(folder) / f"limits-{os.getpid()}-{port}.sqlite"),
        "log_level": log_level,
    }
    configuration = folder / "authserver.toml"
    configuration.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in members.items()), "utf-8")
    settings = load_settings_from(configuration)
    create_master_key(settings.master_key_path)
    prepare_store(settings)
    account_id = _fill(settings, clients, int(time.time()))
    return Scene(store, folder, settings, ("127.0.0.1", port), clients, account_id)


def _limits_folder(folder: Path) -> Path:
    """Return where limits are kept in production too, in shared memory, where there is some."""
    shared = Path("/dev/shm")  # noqa: S108 - a file in shared memory, removed with the scene
    return shared if os.access(shared, os.W_OK) else folder


def remove_limits(scene: Scene) -> None:
    """Remove the limits' file and its companions from shared memory."""
    path = scene.settings.limits_path
    if path is not None:
        for found in path.parent.glob(f"{path.name}*"):
            found.unlink()


def _fill(settings: Settings, clients: Clients, now: int) -> str:
    database = Database.connect(settings.database, threads=1)
    try:
        with database.transaction() as connection:
            for metadata in _registrations(clients):
                registration = prepare_registration(metadata, default_profile="fapi2")
                insert_client(connection, registration.client_id, registration.metadata, None, now)
            account = accounts.create(connection, "alice", {"name": "Alice Example"}, None, now)
    finally:
        database.dispose()
    if account is None:
        raise BenchFailed("the database is not a fresh one")
    return account.account_id


def _registrations(clients: Clients) -> tuple[Mapping[str, object], ...]:
    app: Mapping[str, object] = {
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid accounts vault keyed-vault",
        "tls_client_certificate_bound_access_tokens": True,
    }
    bank = {"client_id": "bench-bank", **_by_certificate("bench-bank"), **_serving(BANK, "accounts", "jwt")}
    return (
        {**_named(clients.app), **app},
        {**_named(clients.tls_app), **app},
        bank,
        {**_named(clients.vault), **_serving("https://vault.example/", "vault", "opaque")},
        {**_named(clients.keyed_vault), **_serving("https://keyed-vault.example/", "keyed-vault", "opaque")},
    )


def _named(client: BenchClient) -> Mapping[str, object]:
    if client.key is None:
        return {"client_id": client.client_id, **_by_certificate(client.client_id)}
    jwk = {**client.key.as_dict(private=False), "kid": client.key.thumbprint(), "use": "sig"}
    return {"client_id": client.client_id, "token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [jwk]}}


def _by_certificate(name: str) -> Mapping[str, object]:
    return {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_subject_dn": f"CN={name}"}


def _serving(resource: str, scope: str, token_format: str) -> Mapping[str, object]:
    return {
        "grant_types": ["client_credentials"],
        "scope": "introspection",
        "resource": [resource],
        "resource_scopes": scope,
        "access_token_format": token_format,
        "tls_client_certificate_bound_access_tokens": True,
    }


@contextmanager
def served(scene: Scene, cores: Cores) -> Iterator[int]:
    """Serve a scene by granian, one worker, on the server's core; yields the id of the process."""
    environment = {"AUTHSERVER_CONFIG": str(scene.configuration), "PYTHONPATH": str(ROOT), "PATH": os.defpath}
    command = [sys.executable, "-m", "authserver.cli.main", "serve"]
    log = scene.folder / "server.log"
    with log.open("wb") as output, pinned(cores.server):
        process = subprocess.Popen(
            command, cwd=scene.folder, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output
        )
    try:
        _wait_until_ready(scene.address, process, log)
        yield process.pid
    finally:
        _stop(process)
        remove_limits(scene)


def _wait_until_ready(address: Address, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while not _is_ready(address):
        if process.poll() is not None or time.monotonic() > deadline:
            raise BenchFailed(f"the server did not start:\n{log.read_text(encoding='utf-8', errors='replace')}")
        time.sleep(0.05)


def _is_ready(address: Address) -> bool:
    connection = HTTPConnection(*address, timeout=1)
    with suppress(OSError, HTTPException):
        connection.request("GET", "/readyz")
        return connection.getresponse().status == _OK
    return False


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
