"""What the bench does beside the protocol: what it stores before it measures, and the rows it counts after."""

import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Table, func, select

from authserver.accounts.factors.password.factor import PASSWORD_METHOD
from authserver.accounts.factors.password.hashing import hash_password
from authserver.accounts.factors.store import note_offered
from authserver.accounts.factors.totp.factor import TOTP_METHOD
from authserver.accounts.store import people as accounts
from authserver.db.engine import Database
from authserver.db.tables.authorization import pushed_requests
from authserver.db.tables.grants import grants, issued_tokens
from authserver.grants.model import Authentication, Grant
from authserver.grants.store.records import save_grant
from authserver.grants.store.tokens import save_tokens
from authserver.issuance.refresh_token import mint_refresh_token
from authserver.protocol.handles import new_handle
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.sessions import lifecycle
from authserver.sessions.model import Browser, SessionLimits
from authserver.web.pages.cookies import SESSION_COOKIE

PERSON_PASSWORD = "correct-horse-battery-staple"  # noqa: S105 - of people who exist in the bench alone
_GRANT_SECONDS = 86_400
# By kind of work: the table, and how many rows every answer leaves in it.
_PROMISED: Mapping[str, tuple[Table, int]] = {
    "token_client_credentials": (issued_tokens, 1),
    "token_tls_client_auth": (issued_tokens, 1),
    "par": (pushed_requests, 1),
    "refresh": (issued_tokens, 2),
    "code_flow": (grants, 1),
}

Jar = dict[str, str]
"""A browser's cookies by name."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Refresh tokens that a run needs: for whom, how many, and what they are good for beside `openid`."""

    client_id: str
    count: int
    scope: str = ""
    resource: str = ""


class Backstage(Protocol):
    """What both sides offer beside their protocol."""

    def refresh_tokens(self, wanted: Wanted) -> list[str]:
        """Return the refresh tokens of as many fresh grants, stored as whole code flows would have."""

    def browsers(self, count: int) -> list[Jar]:
        """Return the cookies of as many people's browsers, each signed in by two factors."""

    def recorded(self, kind: str) -> int | None:
        """Return how many answers of this kind the database has rows of; None where none is promised."""


@dataclass(frozen=True, slots=True)
class OurBackstage:
    """Our server's database, reached directly."""

    url: str

    def refresh_tokens(self, wanted: Wanted) -> list[str]:
        """Return the refresh tokens of as many fresh grants of one person."""
        now, database = int(time.time()), self._connect()
        try:
            with database.transaction() as connection:
                account = accounts.create(connection, new_handle(), {"name": "Alice Example"}, None, now)
                if account is None:
                    raise RuntimeError("a random username was taken")
                made = [_new_grant(account.account_id, wanted, now) for _ in range(wanted.count)]
                minted = [mint_refresh_token(grant, 0, now, None) for grant in made]
                for grant in made:
                    save_grant(connection, grant)
                save_tokens(connection, [each.record for each in minted])
        finally:
            database.dispose()
        return [each.token for each in minted]

    def browsers(self, count: int) -> list[Jar]:
        """Return the browsers of as many people, each signed in with password and authenticator app."""
        now, database, limits = int(time.time()), self._connect(), SessionLimits()
        jars: list[Jar] = []
        try:
            with database.transaction() as connection:
                for _ in range(count):
                    account = accounts.create(connection, new_handle(), {"name": "Alice Example"}, None, now)
                    if account is None:
                        raise RuntimeError("a random username was taken")
                    note_offered(connection, account.account_id, now)
                    _, weak = lifecycle.start(connection, account.account_id, PASSWORD_METHOD, limits, now, Browser())
                    raised = lifecycle.elevate(connection, weak, TOTP_METHOD, limits, now)
                    if raised is None:
                        raise RuntimeError("a session that was just begun is over")
                    jars.append({SESSION_COOKIE: raised[1]})
        finally:
            database.dispose()
        return jars

    def people(self, count: int) -> list[str]:
        """Create as many people who have the one password, and return their usernames."""
        now, database = int(time.time()), self._connect()
        names = [f"person-{secrets.token_hex(8)}" for _ in range(count)]
        password_hash = hash_password(PERSON_PASSWORD, secrets.token_bytes(16))
        try:
            with database.transaction() as connection:
                for name in names:
                    accounts.create(connection, name, {"name": "Alice Example"}, password_hash, now)
        finally:
            database.dispose()
        return names

    def recorded(self, kind: str) -> int | None:
        """Count the rows that answers of this kind leave behind."""
        if kind not in _PROMISED:
            return None
        (table, rows), database = _PROMISED[kind], self._connect()
        try:
            with database.read() as connection:
                return int(connection.execute(select(func.count()).select_from(table)).scalar_one()) // rows
        finally:
            database.dispose()

    def _connect(self) -> Database:
        return Database.connect(self.url, threads=1, statement_seconds=60)


def _new_grant(account_id: str, wanted: Wanted, now: int) -> Grant:
    return Grant(
        grant_id=new_handle(),
        client_id=wanted.client_id,
        account_id=account_id,
        consent_id=new_handle(),
        scope=("openid", *wanted.scope.split()),
        resources=(wanted.resource,) if wanted.resource else (),
        id_token_claims=(),
        userinfo_claims=(),
        authentication=Authentication(ACR_TWO_FACTORS, ("pwd", "otp"), now, new_handle()),
        created_at=now,
        expires_at=now + _GRANT_SECONDS,
        refresh_generation=0,
        refresh_expires_at=now + _GRANT_SECONDS,
    )
