"""The clients that both sides serve, and our own deployment: its configuration, its keys, its registrations."""

import json
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from authserver.cli.init import prepare_store
from authserver.clients.registration import prepare_registration
from authserver.clients.store import insert_client
from authserver.db.engine import Database
from authserver.sandbox.authority import Authority
from authserver.sealing.master_key import create_master_key
from authserver.settings.load import load_settings_from
from authserver.settings.model import Settings
from authserver.values import replace as change_settings
from bench.backstage import Backstage, OurBackstage
from bench.cores import Cores
from bench.generator import Address
from bench.messages import BANK, ISSUER, REDIRECT_URI, SIGNED_VAULT_ID, BenchClient, new_client
from bench.processes import Command, Running, running
from bench.stores import ROOT, Store

VAULT = "https://vault.example/"
SIGNED_VAULT = "https://signed-vault.example/"
THREADS = 4
OURS, PEER = "ours", "peer"
_UNREACHED = "100000000/minute"  # counted like any limit, and never met
_LIMITS = ("limit_client", "limit_sign_in_address", "limit_authorize_address", "limit_consent_address")
_SIGNED_INTROSPECTION = {"introspection_signed_response_alg": "ES256"}


@dataclass(frozen=True, slots=True)
class Clients:
    """Who asks: two apps, by either method, and two resource servers whose tokens are opaque.

    `signed_vault` is told of tokens in signed answers.
    """

    app: BenchClient
    tls_app: BenchClient
    vault: BenchClient
    signed_vault: BenchClient


@dataclass(frozen=True, slots=True)
class Scene:
    """One side on one store: where it answers, who its clients are, and what the bench does beside the protocol."""

    side: str
    store: Store
    command: Command
    clients: Clients
    backstage: Backstage
    settings: Settings | None = None

    @property
    def name(self) -> str:
        """Return the side and its store, as tables name them."""
        return f"{self.side}, {self.store.name}"

    @property
    def address(self) -> Address:
        """Return where the server answers."""
        return self.command.address


def new_clients(authority: Authority, now: int) -> Clients:
    """Make the clients' keys and certificates."""
    return Clients(
        app=new_client("bench-app", authority, now, signs=True),
        tls_app=new_client("bench-tls-app", authority, now, signs=False),
        vault=new_client("bench-vault", authority, now, signs=False),
        signed_vault=new_client(SIGNED_VAULT_ID, authority, now, signs=False),
    )


def prepare_scene(
    store: Store, folder: Path, clients: Clients, authority: Authority, port: int, **settings: object
) -> Scene:
    """Write our deployment's configuration, make its schema and keys, and register the clients."""
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
        **dict.fromkeys(_LIMITS, _UNREACHED),
        "limits_path": str(_limits_folder(folder) / f"limits-{os.getpid()}-{port}.sqlite"),
        **settings,
    }
    configuration = folder / "authserver.toml"
    configuration.write_text("".join(f"{name} = {json.dumps(value)}\n" for name, value in members.items()), "utf-8")
    loaded = load_settings_from(configuration)
    create_master_key(loaded.master_key_path)
    prepare_store(loaded)
    _fill(loaded, clients, int(time.time()))
    command = Command(
        arguments=[sys.executable, "-m", "authserver.cli.main", "serve"],
        folder=folder,
        environment={"AUTHSERVER_CONFIG": str(configuration), "PYTHONPATH": str(ROOT), "PATH": os.defpath},
        address=("127.0.0.1", port),
        ready_path="/readyz",
    )
    return Scene(OURS, store, command, clients, OurBackstage(store.url), loaded)


def served_as(scene: Scene, port: int, **settings: object) -> Scene:
    """Return our scene on another port and with other settings, given by the environment; its store stays."""
    named = {f"AUTHSERVER_{name.upper()}": str(value) for name, value in settings.items()}
    address = ("127.0.0.1", port)
    environment = {**scene.command.environment, **named, "AUTHSERVER_LISTEN": f"127.0.0.1:{port}"}
    return replace(scene, command=replace(scene.command, environment=environment, address=address))


def with_database_of_its_own(scene: Scene, store: Store, port: int, **settings: object) -> Scene:
    """Return our scene on another port and a database that is empty so far; the clients are the same."""
    if scene.settings is None:
        raise ValueError(f"{scene.name} has no settings to be changed")
    own = change_settings(scene.settings, database_url=store.url)
    prepare_store(own)
    _fill(own, scene.clients, int(time.time()))
    moved = served_as(scene, port, database_url=store.url, **settings)
    return replace(moved, store=store, backstage=OurBackstage(store.url))


@contextmanager
def served(scene: Scene, cores: Cores) -> Iterator[Running]:
    """Serve a scene on the server's core."""
    try:
        with running(scene.command, frozenset({cores.server})) as server:
            yield server
    finally:
        if scene.settings is not None:
            remove_limits(limits_path(scene))


def _limits_folder(folder: Path) -> Path:
    """Return where limits are kept in production too, in shared memory, where there is some."""
    shared = Path("/dev/shm")  # noqa: S108 - a file in shared memory, removed with the scene
    return shared if os.access(shared, os.W_OK) else folder


def limits_path(scene: Scene) -> Path:
    """Return the file in which our server counts limits."""
    path = scene.settings.limits_path if scene.settings is not None else None
    if path is None:
        raise ValueError(f"{scene.name} counts no limits in a file")
    return path


def remove_limits(path: Path) -> None:
    """Remove the limits' file and its companions from shared memory."""
    for found in path.parent.glob(f"{path.name}*"):
        found.unlink(missing_ok=True)


def add_client(scene: Scene, metadata: Mapping[str, object]) -> None:
    """Register one client more with our server."""
    if scene.settings is None:
        raise ValueError(f"{scene.name} has no settings that name a database")
    _register(scene.settings, [metadata], int(time.time()))


def _fill(settings: Settings, clients: Clients, now: int) -> None:
    _register(settings, registrations(clients), now)


def _register(settings: Settings, registered: Iterable[Mapping[str, object]], now: int) -> None:
    database = Database.connect(settings.database, threads=1)
    try:
        with database.transaction() as connection:
            for metadata in registered:
                registration = prepare_registration(metadata, default_profile="fapi2")
                insert_client(connection, registration.client_id, registration.metadata, None, now)
    finally:
        database.dispose()


def registrations(clients: Clients) -> tuple[Mapping[str, object], ...]:
    """Return the clients' metadata, in the names that both sides read."""
    app: Mapping[str, object] = {
        "redirect_uris": [REDIRECT_URI],
        "grant_types": ["authorization_code", "refresh_token", "client_credentials"],
        "scope": "openid accounts vault signed-vault",
        "tls_client_certificate_bound_access_tokens": True,
    }
    bank = {"client_id": "bench-bank", **_by_certificate("bench-bank"), **_serving(BANK, "accounts", "jwt")}
    vault, signed_vault = clients.vault, clients.signed_vault
    return (
        {**_named(clients.app), **app},
        {**_named(clients.tls_app), **app},
        bank,
        {**_named(vault), **_serving(VAULT, "vault", "opaque")},
        {**_named(signed_vault), **_serving(SIGNED_VAULT, "signed-vault", "opaque"), **_SIGNED_INTROSPECTION},
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
