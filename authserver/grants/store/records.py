"""Grants: made with the code, moved on by each refresh, ended as a whole."""

from collections.abc import Sequence
from typing import Any, Final

from msgspec.json import Decoder
from sqlalchemy import Connection, Text, bindparam, or_, update

from authserver.db.batch_update import BatchUpdate, names_resource
from authserver.db.statement import Statement
from authserver.db.tables.accounts import accounts
from authserver.db.tables.grants import grants
from authserver.db.writes import Move, Row, add_row
from authserver.grants.model import Authentication, GenerationClaim, Grant
from authserver.protocol.details.model import Details
from authserver.protocol.stored_json import dump_json
from authserver.values import Value


class _Kept(Value, frozen=True):
    """What of a grant stands as JSON in its row; grants of early releases have no authorization details."""

    scope: tuple[str, ...]
    resources: tuple[str, ...]
    id_token_claims: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    acr: str
    amr: tuple[str, ...]
    auth_time: int
    authorization_details: Details = ()


_KEPT: Final = Decoder(_Kept)

COLUMNS = (
    grants.c.grant_id,
    grants.c.client_id,
    grants.c.account_id,
    grants.c.consent_id,
    grants.c.session_id,
    grants.c.details,
    grants.c.created_at,
    grants.c.expires_at,
    grants.c.refresh_generation,
    grants.c.refresh_expires_at,
    grants.c.revoked_at,
    accounts.c.account_id,
    accounts.c.locked_at,
)
"""The columns from which `read_grant` makes a grant, for joins by the neighbouring modules."""

GRANTS = grants.outerjoin(accounts, accounts.c.account_id == grants.c.account_id)
"""Grants, each with what tells whether its account is still open."""

_SWAP = (
    update(grants)
    .where(
        grants.c.grant_id == bindparam("id"),
        grants.c.refresh_generation == bindparam("generation"),
        grants.c.revoked_at.is_(None),
    )
    .values(
        refresh_generation=bindparam("generation_after"),
        refresh_expires_at=bindparam("refresh_expires_at_after"),
        last_used_at=bindparam("now"),
    )
)
_REVOKE = Statement(
    update(grants)
    .where(grants.c.grant_id == bindparam("id"), grants.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"), revoked_because=bindparam("because"))
)
_REVOKE_ALL = (
    update(grants)
    .where(
        grants.c.account_id == bindparam("account"),
        grants.c.revoked_at.is_(None),
        or_(bindparam("client", type_=Text).is_(None), grants.c.client_id == bindparam("client", type_=Text)),
    )
    .values(revoked_at=bindparam("now"), revoked_because=bindparam("because"))
)
GRANTS_OF_CLIENT: Final = BatchUpdate(
    grants,
    update(grants)
    .where(grants.c.client_id == bindparam("client"), grants.c.revoked_at.is_(None))
    .values(revoked_at=bindparam("now"), revoked_because=bindparam("because")),
)
"""Ends every standing grant to a client, whose id is `client`."""

GRANTS_TO_RESOURCE: Final = BatchUpdate(
    grants,
    update(grants)
    .where(grants.c.revoked_at.is_(None), names_resource(grants.c.details))
    .values(revoked_at=bindparam("now"), revoked_because=bindparam("because")),
)
"""Ends every standing grant that names an API by its address, which is `resource` as JSON."""


def save_grant(connection: Connection, grant: Grant) -> None:
    """Store a new grant in a transaction that is open."""
    add_row(connection, grant_row(grant))


def grant_row(grant: Grant) -> Row:
    """Return the row of a new grant; its code is redeemed within the minute, so it counts as used from the start."""
    details = {
        "scope": grant.scope,
        "resources": grant.resources,
        "authorization_details": grant.authorization_details,
        "id_token_claims": grant.id_token_claims,
        "userinfo_claims": grant.userinfo_claims,
        "acr": grant.authentication.acr,
        "amr": grant.authentication.amr,
        "auth_time": grant.authentication.auth_time,
    }
    return Row(
        grants,
        {
            "grant_id": grant.grant_id,
            "client_id": grant.client_id,
            "account_id": grant.account_id,
            "consent_id": grant.consent_id,
            "session_id": grant.authentication.session_id,
            "details": dump_json(details),
            "created_at": grant.created_at,
            "expires_at": grant.expires_at,
            "refresh_generation": grant.refresh_generation,
            "refresh_expires_at": grant.refresh_expires_at,
            "last_used_at": grant.created_at,
            "revoked_at": None,
            "revoked_because": None,
        },
    )


def generation_move(claim: GenerationClaim) -> Move:
    """Return what moves a grant's refresh generation on from the one that was read.

    The generation stands in the WHERE, so of two refreshes at once one moves it and the other finds it moved.

    Spec: RFC9700-4.14.2
    """
    return Move(
        _SWAP,
        {
            "id": claim.grant_id,
            "generation": claim.generation,
            "generation_after": claim.generation_after,
            "refresh_expires_at_after": claim.refresh_expires_at,
            "now": claim.now,
        },
    )


def revoke_grant(connection: Connection, grant_id: str, because: str, now: int) -> bool:
    """End a grant, and with it every code and token that came from it; return whether it stood.

    Spec: RFC7009-2.1, RFC6749-4.1.2
    """
    return _REVOKE.count(connection, {"id": grant_id, "because": because, "now": now}) == 1


def revoke_grants(connection: Connection, account_id: str, client_id: str | None, because: str, now: int) -> int:
    """End every standing grant of a person, or those for one client; return how many there were.

    Spec: RFC7009-2.1
    """
    values = {"account": account_id, "client": client_id, "because": because, "now": now}
    return connection.execute(_REVOKE_ALL, values).rowcount


def read_grant(values: Sequence[Any]) -> Grant:
    """Return the grant whose COLUMNS these are."""
    grant_id, client_id, account_id, consent_id, session_id, details, *times = values
    created_at, expires_at, refresh_generation, refresh_expires_at, revoked_at, open_account, locked_at = times
    kept = _KEPT.decode(details)
    return Grant(
        grant_id=grant_id,
        client_id=client_id,
        account_id=account_id,
        consent_id=consent_id,
        scope=kept.scope,
        resources=kept.resources,
        authorization_details=kept.authorization_details,
        id_token_claims=kept.id_token_claims,
        userinfo_claims=kept.userinfo_claims,
        authentication=Authentication(kept.acr, kept.amr, kept.auth_time, session_id),
        created_at=created_at,
        expires_at=expires_at,
        refresh_generation=refresh_generation,
        refresh_expires_at=refresh_expires_at,
        revoked_at=revoked_at,
        account_locked=open_account is None or locked_at is not None,
    )
