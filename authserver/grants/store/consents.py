"""Consents: what a person allowed which client."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.json import Decoder
from sqlalchemy import ColumnElement, Connection, Text, and_, bindparam, func, literal_column, or_, select, update

from authserver.db.batch_update import BatchUpdate, names_resource
from authserver.db.statement import Statement
from authserver.db.tables.grants import consents
from authserver.db.writes import Row, add_row
from authserver.grants.model import Consent
from authserver.protocol.details.model import Details
from authserver.protocol.stored_json import dump_json

COLUMNS: Final = (
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
"""The columns from which `read_consent` makes a consent, for joins by the packages above."""

STANDS: Final[ColumnElement[bool]] = and_(consents.c.revoked_at.is_(None), consents.c.expires_at > bindparam("now"))
"""Whether a consent is neither revoked nor past its end."""

# Its row is locked meanwhile (FOR SHARE), so that whoever ends the consent does so wholly before the answer that rests
# on it, or after it, and then ends the grant as well. SQLite has one writer, and no need of a lock.
RESTS_ON_STANDING: Final[ColumnElement[bool]] = select(consents.c.consent_id).where(
    consents.c.consent_id == bindparam("rests_on"), consents.c.revoked_at.is_(None)
).with_for_update(read=True).scalar_subquery() == bindparam("rests_on")
"""Whether the consent `rests_on` has not been revoked, and is not until this transaction ends."""

# Which of them covers a request is judged after this. So one stands for all that allow the same, or an app that asks
# anew at each sign-in would push the others out; the bound is far beyond what one person allows one app.
_AT_MOST = 1000
_ALLOWS_THE_SAME = (consents.c.scope, consents.c.claims, consents.c.resources, consents.c.authorization_details)
_LATEST_FIRST = (consents.c.granted_at.desc(), consents.c.consent_id)
_standing = (
    select(*COLUMNS, func.row_number().over(partition_by=_ALLOWS_THE_SAME, order_by=_LATEST_FIRST).label("place"))
    .where(
        consents.c.account_id == bindparam("account_id"),
        consents.c.client_id == bindparam("client_id"),
        STANDS,
    )
    .subquery("standing")
)
_FIND = Statement(
    select(*(_standing.c[column.name] for column in COLUMNS))
    .where(_standing.c.place == literal_column("1"))
    .order_by(_standing.c.granted_at.desc(), _standing.c.consent_id)
    .limit(_AT_MOST)
)
_NAMES = Decoder(tuple[str, ...])
_DETAILS = Decoder(Details)
_REVOKE = Statement(
    update(consents)
    .where(
        consents.c.account_id == bindparam("account"),
        consents.c.revoked_at.is_(None),
        or_(bindparam("client", type_=Text).is_(None), consents.c.client_id == bindparam("client", type_=Text)),
    )
    .values(revoked_at=bindparam("now"))
)
CONSENTS_OF_CLIENT: Final = BatchUpdate(
    consents,
    update(consents)
    .where(consents.c.client_id == bindparam("client"), consents.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now")),
)
"""Ends every standing consent to a client, whose id is `client`."""

CONSENTS_TO_RESOURCE: Final = BatchUpdate(
    consents,
    update(consents)
    .where(
        consents.c.revoked_at.is_(None),
        names_resource(consents.c.resources) | names_resource(consents.c.authorization_details),
    )
    .values(revoked_at=bindparam("now")),
)
"""Ends every standing consent that names an API by its address, which is `resource` as JSON."""


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


def find_standing(connection: Connection, account_id: str, client_id: str, now: int) -> list[Consent]:
    """Return the person's standing consents for a client, the latest first, and of those that allow the same one."""
    values = {"account_id": account_id, "client_id": client_id, "now": now}
    return [read_consent(row) for row in _FIND.rows(connection, values)]


def revoke_consents(connection: Connection, account_id: str, client_id: str | None, now: int) -> int:
    """End every standing consent of a person, or those for one client; return how many there were."""
    return _REVOKE.count(connection, {"account": account_id, "client": client_id, "now": now})


def read_consent(row: Sequence[Any]) -> Consent:
    """Return the consent whose COLUMNS these are."""
    consent_id, account_id, client_id, scope, claims, resources, granted_at, expires_at, details = row
    return Consent(
        consent_id=consent_id,
        account_id=account_id,
        client_id=client_id,
        scope=_NAMES.decode(scope),
        claims=_NAMES.decode(claims),
        resources=_NAMES.decode(resources),
        granted_at=granted_at,
        expires_at=expires_at,
        authorization_details=_DETAILS.decode(details),
    )
