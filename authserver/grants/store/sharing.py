"""What a person shares with which app, as the person is shown it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, select

from authserver.db.tables import clients, consents, grants

_SHARED: Final = (
    select(
        consents.c.client_id,
        consents.c.scope,
        consents.c.claims,
        consents.c.authorization_details,
        consents.c.granted_at,
        consents.c.expires_at,
    )
    .where(
        consents.c.account_id == bindparam("wanted_account"),
        consents.c.revoked_at.is_(None),
        consents.c.expires_at > bindparam("now"),
        consents.c.client_id.not_in(select(clients.c.client_id).where(clients.c.deleted_at.is_not(None))),
    )
    .order_by(consents.c.granted_at.desc(), consents.c.consent_id)
    .limit(500)
)
_USED: Final = (
    select(grants.c.client_id, func.max(grants.c.last_used_at))
    .where(grants.c.account_id == bindparam("wanted_account"), grants.c.revoked_at.is_(None))
    .group_by(grants.c.client_id)
)


@dataclass(frozen=True, slots=True)
class Shared:
    """Everything a person allows one app now: since when, until when, and when the app last used it (0: never)."""

    client_id: str
    scope: tuple[str, ...]
    claims: tuple[str, ...]
    details: tuple[Mapping[str, object], ...]
    since: int
    until: int
    last_used_at: int


def find_shared(connection: Connection, account_id: str, now: int) -> list[Shared]:
    """Return what a person's standing consents allow, one entry for each app, the latest first."""
    used: dict[str, int] = {row[0]: row[1] for row in connection.execute(_USED, {"wanted_account": account_id})}
    shared: dict[str, Shared] = {}
    for row in connection.execute(_SHARED, {"wanted_account": account_id, "now": now}):
        found = _shared(tuple(row), used)
        known = shared.get(found.client_id)
        shared[found.client_id] = _merged(known, found) if known is not None else found
    return list(shared.values())


def _shared(row: tuple[Any, ...], used: Mapping[str, int]) -> Shared:
    client_id, scope, claims, details, granted_at, expires_at = row
    return Shared(
        client_id=client_id,
        scope=tuple(json.loads(scope)),
        claims=tuple(json.loads(claims)),
        details=tuple(json.loads(details)),
        since=granted_at,
        until=expires_at,
        last_used_at=used.get(client_id) or 0,
    )


def _merged(latest: Shared, earlier: Shared) -> Shared:
    return Shared(
        client_id=latest.client_id,
        scope=tuple(dict.fromkeys((*latest.scope, *earlier.scope))),
        claims=tuple(dict.fromkeys((*latest.claims, *earlier.claims))),
        details=(*latest.details, *earlier.details),
        since=min(latest.since, earlier.since),
        until=max(latest.until, earlier.until),
        last_used_at=latest.last_used_at,
    )
