"""What is deleted with an account: every row that names it, but for the proofs of what it paid.

A proof is kept by law longer than the account it came from. Beside the facts of the payment it holds the account's id,
which is random, is never used again and then leads nowhere.
"""

from typing import Final

from sqlalchemy import BindParameter, Connection, bindparam, delete, func, select

from authserver.db.tables.accounts import (
    accounts,
    invitations,
    known_devices,
    passkeys,
    recovery_codes,
    totp_credentials,
)
from authserver.db.tables.banking import approvals
from authserver.db.tables.events import events
from authserver.db.tables.grants import authorization_codes, consents, grants, issued_tokens
from authserver.db.tables.outbound import letters
from authserver.db.tables.sessions import sessions

_WANTED: Final[BindParameter[str]] = bindparam("account_id")
_ITS_GRANTS: Final = select(grants.c.grant_id).where(grants.c.account_id == _WANTED)
_OF_ITS_GRANTS: Final = (authorization_codes, issued_tokens)
# Its own row goes last, so that whoever waits for that row finds nothing else left.
_ITS_OWN: Final = (
    issued_tokens,
    grants,
    consents,
    sessions,
    letters,
    events,
    invitations,
    known_devices,
    recovery_codes,
    passkeys,
    totp_credentials,
    accounts,
)
_DELETIONS: Final = (
    *(delete(table).where(table.c.grant_id.in_(_ITS_GRANTS)) for table in _OF_ITS_GRANTS),
    *(delete(table).where(table.c.account_id == _WANTED) for table in _ITS_OWN),
)
_COUNT_PROOFS: Final = select(func.count()).select_from(approvals).where(approvals.c.account_id == _WANTED)


def erase_account(connection: Connection, account_id: str) -> int:
    """Delete every row of an account but its proofs of payments; return how many of those are kept."""
    values = {"account_id": account_id}
    for deletion in _DELETIONS:
        connection.execute(deletion, values)
    return connection.execute(_COUNT_PROOFS, values).scalar_one()
