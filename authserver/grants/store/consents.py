"""Consents: what a person allowed which client."""

from typing import Any

import orjson
from sqlalchemy import Connection, Text, bindparam, case, or_, select, update

from authserver.db.at_once import Row, add_row
from authserver.db.statement import Statement
from authserver.db.tables import consents
from authserver.grants.model import Consent
from authserver.protocol.stored_json import dump_json

_AT_MOST = 8
_FIND = Statement(
    select(
        consents.c.consent_id,
        consents.c.account_id,
        consents.c.client_id,
        consents.c.scope,
        consents.c.claims,
        consents.c.resources,
        consents.c.granted_at,
        consents.c.expires_at,
        consents.c.authorization_details,
    )
    .where(
        consents.c.account_id == bindparam("account_id"),
        consents.c.client_id == bindparam("client_id"),
        consents.c.revoked_at.is_(None),
        consents.c.expires_at > bindparam("now"),
    )
    .order_by(
        case((consents.c.consent_id == bindparam("given"), 0), else_=1),
        consents.c.granted_at.desc(),
        consents.c.consent_id,
    )
    .limit(_AT_MOST)
)
_REVOKE = Statement(
    update(consents)
    .where(
        consents.c.account_id == bindparam("account"),
        consents.c.revoked_at.is_(None),
        or_(bindparam("client", type_=Text).is_(None), consents.c.client_id == bindparam("client", type_=Text)),
    )
    .values(revoked_at=bindparam("now"))
)


def record(connection: Connection, consent: Consent) -> None:
    """Store a consent in a transaction that is open."""
    add_row(connection, consent_row(consent))


def consent_row(consent: Consent) -> Row:
    """Return the row of a new consent."""
    return Row(
        consents,
        {
            "consent_id": consent.consent_id,
            "account_id": consent.account_id,
            "client_id": consent.client_id,
            "scope": dump_json(consent.scope),
            "claims": dump_json(consent.claims),
            "resources": dump_json(consent.resources),
            "authorization_details": dump_json(consent.authorization_details),
            "granted_at": consent.granted_at,
            "expires_at": consent.expires_at,
            "revoked_at": None,
        },
    )


def find_standing(
    connection: Connection, account_id: str, client_id: str, now: int, *, given: str | None = None
) -> list[Consent]:
    """Return the person's standing consents for a client: the one of that id if it stands, then the latest ones."""
    values = {"account_id": account_id, "client_id": client_id, "now": now, "given": given or ""}
    return [_consent(tuple(row)) for row in _FIND.rows(connection, values)]


def revoke_consents(connection: Connection, account_id: str, client_id: str | None, now: int) -> int:
    """End every standing consent of a person, or those for one client; return how many there were."""
    return _REVOKE.count(connection, {"account": account_id, "client": client_id, "now": now})


def _consent(row: tuple[Any, ...]) -> Consent:
    consent_id, account_id, client_id, scope, claims, resources, granted_at, expires_at, details = row
    return Consent(
        consent_id=consent_id,
        account_id=account_id,
        client_id=client_id,
        scope=tuple(orjson.loads(scope)),
        claims=tuple(orjson.loads(claims)),
        resources=tuple(orjson.loads(resources)),
        granted_at=granted_at,
        expires_at=expires_at,
        authorization_details=tuple(orjson.loads(details)),
    )
