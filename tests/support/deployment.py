"""A whole deployment for tests: a real application on a real database, with a clock that stands until it is moved."""

import base64
import os
import tempfile
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Self

import pytest
from flask import Flask
from sqlalchemy import Connection, event
from sqlalchemy.engine import Engine

from authserver.accounts.factors.password import hashing
from authserver.accounts.factors.store import note_offered
from authserver.accounts.factors.totp.credential import enrol_totp
from authserver.accounts.store import people as accounts
from authserver.app.create import create_app
from authserver.clients.registration import prepare_registration
from authserver.clients.store import find_client, insert_client, replace_metadata
from authserver.db.compiled import Outcome
from authserver.db.engine import Database
from authserver.db.statement import Statement
from authserver.events.model import Event
from authserver.keys.store import find_all, insert_key
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.settings.load import parse_settings
from tests.support import template_memory
from tests.support.authority import NOW, Authority, create_authority
from tests.support.key_pool import MASTER_KEY, pooled_keys
from tests.support.run_directory import run_directory

ISSUER = "https://localhost:8443"
MTLS_ORIGIN = "https://localhost:8444"
BANK = "https://bank.example/"
VAULT = "https://vault.example/"
PASSWORD = "correct-horse-battery-staple"
SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
CLAIMS: Mapping[str, object] = {
    "name": "Alice Example",
    "given_name": "Alice",
    "family_name": "Example",
    "email": "alice@example.com",
    "email_verified": True,
    "address": {"locality": "Lisbon"},
    "phone_number": "+351 555 0100",
    "updated_at": 1_700_000_000,
}


template_memory.install()


@cache
def authority() -> Authority:
    """Return the authority of every client certificate in this run."""
    return create_authority("Test clients", NOW)


def _password_hash() -> str:
    return _password_hash_under(hashing._CURRENT_PREFIX)  # noqa: SLF001 - tests have two sets of parameters


@cache
def _password_hash_under(_parameters: str) -> str:
    return hashing.hash_password(PASSWORD, bytes(16))


@dataclass
class Deployment:
    """The application with its database, its clock and what it has told of itself."""

    database: Database
    app: Flask
    times: list[int]
    events: list[Event] = field(default_factory=list)

    @property
    def now(self) -> int:
        """Return the deployment's present moment."""
        return self.times[0]

    def wait(self, seconds: int) -> None:
        """Let time pass."""
        self.times[0] += seconds

    def add_client(self, **metadata: object) -> str | None:
        """Register a client and return its secret, where it has one."""
        registration = prepare_registration(metadata, default_profile="fapi2")
        with self.database.transaction() as connection:
            insert_client(connection, registration.client_id, registration.metadata, registration.secret_hash, self.now)
        self.app.extensions["authserver"].registry.forget(registration.client_id)  # its clock may stand still
        return registration.client_secret

    def change_client(self, client_id: str, **changes: object) -> None:
        """Change members of a client's registration, as an operator does; None leaves a member out."""
        with self.database.transaction() as connection:
            record = find_client(connection, client_id)
            assert record is not None
            members = {**record.metadata, **changes}
            document = {name: value for name, value in members.items() if value is not None}
            registration = prepare_registration(document, default_profile="fapi2")
            assert replace_metadata(connection, client_id, registration.metadata)
        self.app.extensions["authserver"].registry.forget(client_id)

    def add_person(
        self, username: str, *, totp: bool, claims: Mapping[str, object] = CLAIMS, offered: bool = True
    ) -> str:
        """Create an account with the one password, and the one seed if wanted; return its id.

        Unless told otherwise it has declined a passkey already, so that only the tests of the offer meet it.
        """
        with self.database.transaction() as connection:
            account = accounts.create(connection, username, claims, _password_hash(), self.now)
            assert account is not None
            if offered:
                note_offered(connection, account.account_id, self.now)
            if totp:
                enrol_totp(connection, MasterKeyEnvelope(MASTER_KEY), account.account_id, SEED, self.now)
        return account.account_id

    def event_names(self) -> list[str]:
        """Return the names of all events so far."""
        return [event.name for event in self.events]


def deploy(database: Database, url: str, **settings: object) -> Deployment:
    """Return a deployment on a database with its tables, its keys, two resource servers, and alice and bob."""
    folder = Path(tempfile.mkdtemp(prefix="deployment-", dir=run_directory()))
    (folder / "master.key").write_bytes(base64.b64encode(MASTER_KEY))
    (folder / "clients.pem").write_bytes(authority().pem)
    values: dict[str, object] = {
        "issuer": ISSUER,
        "mtls_origin": MTLS_ORIGIN,
        "database_url": url,
        "data_dir": folder,
        "client_ca_file": folder / "clients.pem",
        "trusted_proxies": ("127.0.0.1/32",),
        "client_cert_header": "rfc9440",
        "profiles": ("fapi2", "oidc"),
        "limits_path": folder / "limits.sqlite",
        **settings,
    }
    times, events = [NOW], list[Event]()
    with database.transaction() as connection:
        signing = {key.kid for key in find_all(connection)}
        for key in pooled_keys(NOW):
            if key.kid not in signing:  # the database may have had a deployment before
                insert_key(connection, key)
    app = create_app(parse_settings(values), clock=lambda: times[0], events=events.append)
    weakref.finalize(app, app.extensions["authserver"].database.dispose)  # closed before its connections are collected
    deployment = Deployment(database, app, times, events)
    deployment.add_person("alice", totp=True)
    deployment.add_person("bob", totp=False)
    return deployment


class StatementCounter:
    """Counts the SQL statements of every engine while it is open, those that run on the driver itself among them."""

    def __init__(self) -> None:
        self.statements: list[str] = []
        self._patch = pytest.MonkeyPatch()

    def __enter__(self) -> Self:
        event.listen(Engine, "before_cursor_execute", self._note)
        run = Statement.run

        def noted(statement: Statement, connection: Connection, values: Mapping[str, object]) -> Outcome:
            self.statements.append(str(statement))
            return run(statement, connection, values)

        self._patch.setattr(Statement, "run", noted)
        return self

    def __exit__(self, *_: object) -> None:
        self._patch.undo()
        event.remove(Engine, "before_cursor_execute", self._note)

    def _note(self, _connection: object, _cursor: object, statement: str, *_: object) -> None:
        self.statements.append(statement)


def random_id() -> str:
    """Return a fresh id for an assertion or a proof."""
    return base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("=")
