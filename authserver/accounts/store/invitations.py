"""The table `invitations`."""

from typing import Final

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from authserver.db.tables.accounts import accounts, invitations

_SAVE: Final = insert(invitations)
_REMOVE_UNCLAIMED: Final = delete(invitations).where(
    invitations.c.account_id == bindparam("wanted_account"), invitations.c.claimed_at.is_(None)
)
_FIND_OPEN: Final = (
    select(invitations.c.account_id)
    .join(accounts, accounts.c.account_id == invitations.c.account_id)
    .where(
        invitations.c.invitation_hash == bindparam("wanted_hash"),
        invitations.c.claimed_at.is_(None),
        invitations.c.expires_at > bindparam("now"),
        accounts.c.locked_at.is_(None),
    )
)
_CLAIM: Final = (
    update(invitations)
    .where(
        invitations.c.invitation_hash == bindparam("wanted_hash"),
        invitations.c.claimed_at.is_(None),
        invitations.c.expires_at > bindparam("now"),
    )
    .values(claimed_at=bindparam("now"))
)
_RELEASE: Final = (
    update(invitations).where(invitations.c.invitation_hash == bindparam("wanted_hash")).values(claimed_at=None)
)
_CLAIMED_AT: Final = select(invitations.c.account_id).where(
    invitations.c.account_id == bindparam("wanted_account"), invitations.c.claimed_at == bindparam("moment")
)


def save(connection: Connection, invitation_hash: bytes, account_id: str, now: int, expires_at: int) -> None:
    """Store an invitation in place of every earlier one of the account that nobody has used."""
    connection.execute(_REMOVE_UNCLAIMED, {"wanted_account": account_id})
    row = {
        "invitation_hash": invitation_hash,
        "account_id": account_id,
        "created_at": now,
        "expires_at": expires_at,
        "claimed_at": None,
    }
    connection.execute(_SAVE, row)


def remove_unclaimed(connection: Connection, account_id: str) -> None:
    """Take back the invitations of an account that nobody has used."""
    connection.execute(_REMOVE_UNCLAIMED, {"wanted_account": account_id})


def find_open(connection: Connection, invitation_hash: bytes, now: int) -> str | None:
    """Find whose invitation this is, where it can still be used and the account is open."""
    row = connection.execute(_FIND_OPEN, {"wanted_hash": invitation_hash, "now": now}).one_or_none()
    return str(row[0]) if row is not None else None


def claim(connection: Connection, invitation_hash: bytes, now: int) -> bool:
    """Use an invitation up: true for exactly one caller."""
    return connection.execute(_CLAIM, {"wanted_hash": invitation_hash, "now": now}).rowcount == 1


def release(connection: Connection, invitation_hash: bytes) -> None:
    """Give an invitation back that this transaction has claimed, where what it was for did not come about."""
    connection.execute(_RELEASE, {"wanted_hash": invitation_hash})


def was_claimed_at(connection: Connection, account_id: str, moment: int) -> bool:
    """Answer whether the account used an invitation at that moment."""
    return connection.execute(_CLAIMED_AT, {"wanted_account": account_id, "moment": moment}).first() is not None
