"""The table `passkeys`."""

import hashlib
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, delete, exists, or_, select, update

from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.passkey.model import Passkey
from authserver.accounts.store.factor_table import FactorTable
from authserver.db.engine import DIALECTS
from authserver.db.statement import Statement
from authserver.db.tables.accounts import accounts, passkeys
from authserver.db.upsert import insert_for

_COLUMNS: Final = (
    passkeys.c.passkey_id,
    passkeys.c.account_id,
    passkeys.c.credential_id,
    passkeys.c.public_key,
    passkeys.c.sign_count,
    passkeys.c.backup_eligible,
    passkeys.c.backed_up,
    passkeys.c.aaguid,
    passkeys.c.transports,
    passkeys.c.name,
    passkeys.c.created_at,
    passkeys.c.last_used_at,
    passkeys.c.disabled_at,
)
_OF_ACCOUNT: Final = passkeys.c.account_id == bindparam("wanted_account")
_ONE_OF_ACCOUNT: Final = and_(_OF_ACCOUNT, passkeys.c.passkey_id == bindparam("wanted_id"))

_FIND_ALL: Final = Statement(
    select(*_COLUMNS).where(_OF_ACCOUNT).order_by(passkeys.c.created_at, passkeys.c.passkey_id)
)
_FIND_BY_CREDENTIAL: Final = Statement(
    select(*_COLUMNS, accounts.c.locked_at)
    .join(accounts, accounts.c.account_id == passkeys.c.account_id)
    .where(passkeys.c.credential_hash == bindparam("wanted_hash"))
)
# A plain INSERT of a taken credential would leave PostgreSQL's transaction unusable.
_ADD: Final = {dialect: insert_for(dialect, passkeys).on_conflict_do_nothing() for dialect in DIALECTS}
_RENAME: Final = update(passkeys).where(_ONE_OF_ACCOUNT).values(name=bindparam("new_name"))
_REMOVE: Final = delete(passkeys).where(_ONE_OF_ACCOUNT)
_REMOVE_ALL: Final = delete(passkeys).where(_OF_ACCOUNT)
_CLAIM_USE: Final = Statement(
    update(passkeys)
    .where(
        passkeys.c.passkey_id == bindparam("wanted_id"),
        passkeys.c.disabled_at.is_(None),
        or_(
            passkeys.c.sign_count < bindparam("new_count"),
            and_(passkeys.c.sign_count == 0, bindparam("new_count") == 0),
        ),
    )
    .values(sign_count=bindparam("new_count"), backed_up=bindparam("new_backed_up"), last_used_at=bindparam("now"))
)
_DISABLE: Final = (
    update(passkeys)
    .where(passkeys.c.passkey_id == bindparam("wanted_id"), passkeys.c.disabled_at.is_(None))
    .values(disabled_at=bindparam("now"))
)


def credential_hash(credential_id: bytes) -> bytes:
    """Return the fixed length by which a credential id of any length is found."""
    return hashlib.sha256(credential_id).digest()


def add(connection: Connection, passkey: Passkey) -> bool:
    """Store a passkey; false if its credential id is known already, with whomever.

    Spec: WEBAUTHN-7.1-26
    """
    row = {
        "passkey_id": passkey.passkey_id,
        "credential_hash": credential_hash(passkey.credential_id),
        "credential_id": passkey.credential_id,
        "account_id": passkey.account_id,
        "public_key": passkey.public_key,
        "sign_count": passkey.sign_count,
        "backup_eligible": int(passkey.backup_eligible),
        "backed_up": int(passkey.backed_up),
        "aaguid": passkey.aaguid,
        "transports": " ".join(passkey.transports),
        "name": passkey.name,
        "created_at": passkey.created_at,
    }
    return connection.execute(_ADD[connection.dialect.name], row).rowcount == 1


def find_all(connection: Connection, account_id: str) -> list[Passkey]:
    """Find every passkey of an account, the disabled ones too, oldest first."""
    return [_passkey(row) for row in _FIND_ALL.rows(connection, {"wanted_account": account_id})]


def find_by_credential(connection: Connection, credential_id: bytes) -> tuple[Passkey, bool] | None:
    """Find a passkey by its credential id, and whether the account that it belongs to is locked."""
    row = _FIND_BY_CREDENTIAL.row(connection, {"wanted_hash": credential_hash(credential_id)})
    return (_passkey(row), row[13] is not None) if row else None


def rename(connection: Connection, account_id: str, passkey_id: str, name: str) -> bool:
    """Give a passkey another name; false if the account has no such passkey."""
    parameters = {"wanted_account": account_id, "wanted_id": passkey_id, "new_name": name}
    return connection.execute(_RENAME, parameters).rowcount == 1


def remove(connection: Connection, account_id: str, passkey_id: str) -> bool:
    """Take a passkey away; false if the account has no such passkey.

    Spec: ASVS5-6.5.6
    """
    return connection.execute(_REMOVE, {"wanted_account": account_id, "wanted_id": passkey_id}).rowcount == 1


def remove_all(connection: Connection, account_id: str) -> int:
    """Take every passkey of an account away and answer how many there were."""
    return connection.execute(_REMOVE_ALL, {"wanted_account": account_id}).rowcount


def claim_use(connection: Connection, passkey_id: str, sign_count: int, now: int, *, backed_up: bool) -> bool:
    """Note a use under a count that has grown, or that the authenticator keeps at none; true for one caller per count.

    Spec: WEBAUTHN-7.2-22, WEBAUTHN-6.1.1
    """
    parameters = {"wanted_id": passkey_id, "new_count": sign_count, "new_backed_up": int(backed_up), "now": now}
    return _CLAIM_USE.count(connection, parameters) == 1


def disable(connection: Connection, passkey_id: str, now: int) -> bool:
    """Close a passkey for good; false if it was closed before."""
    return connection.execute(_DISABLE, {"wanted_id": passkey_id, "now": now}).rowcount == 1


def _passkey(row: tuple[Any, ...]) -> Passkey:
    return Passkey(
        passkey_id=row[0],
        account_id=row[1],
        credential_id=bytes(row[2]),
        public_key=bytes(row[3]),
        sign_count=row[4],
        backup_eligible=bool(row[5]),
        backed_up=bool(row[6]),
        aaguid=row[7],
        transports=tuple(row[8].split()),
        name=row[9],
        created_at=row[10],
        last_used_at=row[11],
        disabled_at=row[12],
    )


def _describe(connection: Connection, account_id: str, _is_held: bool) -> dict[str, object]:  # noqa: FBT001 - as all tables do
    keys = find_all(connection, account_id)
    return {
        "passkeys": [{"name": key.name, "added_at": key.created_at, "last_used_at": key.last_used_at} for key in keys]
    }


_IS_OF_ROW: Final = passkeys.c.account_id == accounts.c.account_id

IS_CLOSED: Final = exists().where(_IS_OF_ROW, passkeys.c.disabled_at.is_not(None))
"""The condition that an account has a passkey that was closed as a possible copy."""

TABLE: Final = FactorTable(
    PASSKEY.name,
    is_held=exists().where(_IS_OF_ROW, passkeys.c.disabled_at.is_(None)),
    remove_all=lambda connection, account_id: remove_all(connection, account_id) > 0,
    describe=_describe,
)
