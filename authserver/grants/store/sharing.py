"""What a person allows which app, as the person is shown it: one permission after the other, and the end of one."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, bindparam, func, select, update

from authserver.db.engine import Connection
from authserver.db.statement import Statement
from authserver.db.tables.clients import clients
from authserver.db.tables.grants import consents, grants
from authserver.grants.store.consents import STANDS
from authserver.values import Value

_TERMS: Final = (
    consents.c.client_id,
    consents.c.scope,
    consents.c.claims,
    consents.c.resources,
    consents.c.authorization_details,
)
"""What makes two consents one permission: the app that was allowed the same again."""

# Grouped in the statement: an app that asks anew at each sign-in must not push older permissions out of sight.
_FIND: Final = Statement(
    select(
        func.max(consents.c.consent_id),
        *_TERMS,
        func.min(consents.c.granted_at),
        func.max(consents.c.expires_at),
        func.max(grants.c.last_used_at),
    )
    .select_from(
        consents.outerjoin(grants, and_(grants.c.consent_id == consents.c.consent_id, grants.c.revoked_at.is_(None)))
    )
    .where(
        consents.c.account_id == bindparam("account_id"),
        STANDS,
        consents.c.client_id.not_in(select(clients.c.client_id).where(clients.c.deleted_at.is_not(None))),
    )
    .group_by(*_TERMS)
    .order_by(func.max(consents.c.granted_at).desc(), func.max(consents.c.consent_id))
)
_TERMS_OF: Final = Statement(
    select(*_TERMS).where(
        consents.c.account_id == bindparam("account_id"), consents.c.consent_id == bindparam("permission_id"), STANDS
    )
)
_EVER: Final = Statement(
    select(consents.c.consent_id).where(
        consents.c.account_id == bindparam("account_id"), consents.c.consent_id == bindparam("permission_id")
    )
)
_SAME: Final[ColumnElement[bool]] = and_(
    consents.c.account_id == bindparam("account"),
    *(column == bindparam(f"same_{column.name}") for column in _TERMS),
)
_NOW: Final = Statement(select(func.max(consents.c.consent_id)).where(_SAME, STANDS))
_END_CONSENTS: Final = Statement(
    update(consents).where(_SAME, consents.c.revoked_at.is_(None)).values(revoked_at=bindparam("ended_at"))
)
_END_GRANTS: Final = Statement(
    update(grants)
    .where(
        grants.c.account_id == bindparam("account"),
        grants.c.revoked_at.is_(None),
        grants.c.consent_id.in_(select(consents.c.consent_id).where(_SAME)),
    )
    .values(revoked_at=bindparam("ended_at"), revoked_because=bindparam("because"))
)


class Permission(Value, frozen=True):
    """One thing that a person allows an app now: since when, until when, and when the app last used it (0: never).

    `permission_id` is that of a consent to it; where the same was allowed again there are several.
    """

    permission_id: str
    client_id: str
    scope: tuple[str, ...]
    claims: tuple[str, ...]
    details: tuple[Mapping[str, object], ...]
    since: int
    until: int
    last_used_at: int


def find_permissions(connection: Connection, account_id: str, now: int) -> list[Permission]:
    """Return each permission that a person's standing consents are, the latest first."""
    return [_permission(row) for row in _FIND.rows(connection, {"account_id": account_id, "now": now})]


def find_permission_id(connection: Connection, account_id: str, permission_id: str, now: int) -> str | None:
    """Return under which id a permission is found now, empty where it is over, None where it never was this person's.

    Where the same was allowed again meanwhile, that is the id of another consent.
    """
    named = {"account_id": account_id, "permission_id": permission_id}
    terms = _TERMS_OF.row(connection, {**named, "now": now})
    if terms is None:
        return None if _EVER.row(connection, named) is None else ""
    found = _NOW.row(connection, {"account": account_id, "now": now, **_same(terms)})
    return "" if found is None else str(found[0])


def end_one(connection: Connection, account_id: str, permission_id: str, because: str, now: int) -> bool:
    """End one permission of a person, with every grant, code and token that came of it; false where it is not theirs.

    Consents end before grants: an answer that rests on one of them takes its row first, so that its grant is there to
    be ended, or finds it ended and issues nothing.

    Spec: ASVS5-10.4.9, ASVS5-10.7.3, RFC7009-2.1
    """
    terms = _TERMS_OF.row(connection, {"account_id": account_id, "permission_id": permission_id, "now": now})
    if terms is None:
        return False
    values = {"account": account_id, "ended_at": now, **_same(terms)}
    ended = _END_CONSENTS.count(connection, values)
    _END_GRANTS.count(connection, {**values, "because": because})
    return ended > 0


def _same(terms: Sequence[Any]) -> dict[str, Any]:
    return {f"same_{column.name}": value for column, value in zip(_TERMS, terms, strict=True)}


def _permission(row: Sequence[Any]) -> Permission:
    permission_id, client_id, scope, claims, _, details, granted_at, expires_at, last_used_at = row
    return Permission(
        permission_id=permission_id,
        client_id=client_id,
        scope=tuple(json.loads(scope)),
        claims=tuple(json.loads(claims)),
        details=tuple(json.loads(details)),
        since=granted_at,
        until=expires_at,
        last_used_at=last_used_at or 0,
    )
