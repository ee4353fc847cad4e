"""What is deleted with an account: every row that names it, but for the proofs of what it paid.

A proof is kept by law longer than the account it came from. Beside the facts of the payment it holds the account's id,
which is random, is never used again and then leads nowhere.
"""

from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, select

from authserver.db import tables

_WANTED: Final[BindParameter[str]] = bindparam("account_id")
_ITS_GRANTS: Final = select(tables.grants.c.grant_id).where(tables.grants.c.account_id == _WANTED)
_OF_ITS_GRANTS: Final = (tables.authorization_codes, tables.issued_tokens)
# Its own row goes last, so that whoever waits for that row finds nothing else left.
_ITS_OWN: Final = (
    tables.issued_tokens,
    tables.grants,
    tables.consents,
    tables.sessions,
    tables.letters,
    tables.events,
    tables.invitations,
    tables.known_devices,
    tables.recovery_codes,
    tables.passkeys,
    tables.totp_credentials,
    tables.accounts,
)
_DELETIONS: Final = (
    *(delete(table).where(table.c.grant_id.in_(_ITS_GRANTS)) for table in _OF_ITS_GRANTS),
    *(delete(table).where(table.c.account_id == _WANTED) for table in _ITS_OWN),
)
_COUNT_PROOFS: Final = (
    select(func.count()).select_from(tables.approvals).where(tables.approvals.c.account_id == _WANTED)
)


def erase_account(connection: Connection, account_id: str) -> int:
    """Delete every row of an account but its proofs of payments; return how many of those are kept."""
    values = {"account_id": account_id}
    for deletion in _DELETIONS:
        connection.execute(deletion, values)
    return connection.execute(_COUNT_PROOFS, values).scalar_one()
