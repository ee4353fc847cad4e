"""Devices that poll: stored by the hashes of both their codes, answered once."""

from sqlalchemy import Connection, bindparam, select, update

from authserver.db.batch_update import BatchUpdate
from authserver.db.statement import Statement
from authserver.db.tables.grants import device_authorizations
from authserver.db.writes import Move, Row
from authserver.grants.model import DeviceAuthorization
from authserver.protocol.handles import hash_handle

_COLUMNS = tuple(device_authorizations.c)
_BY_DEVICE_CODE = Statement(
    select(*_COLUMNS).where(device_authorizations.c.device_code_hash == bindparam("device_code_hash"))
)
_BY_USER_CODE = Statement(
    select(*_COLUMNS).where(device_authorizations.c.user_code_hash == bindparam("user_code_hash"))
)
_OPEN = update(device_authorizations).where(
    device_authorizations.c.device_code_hash == bindparam("device_code_hash"),
    device_authorizations.c.answered_at.is_(None),
    device_authorizations.c.refused_with.is_(None),
    device_authorizations.c.expires_at > bindparam("device_now"),
)
_ANSWER = _OPEN.values(answered_at=bindparam("device_now"))
_REFUSE = _OPEN.values(refused_with=bindparam("device_refused_with"))
_POLLED = Statement(
    update(device_authorizations)
    .where(device_authorizations.c.device_code_hash == bindparam("hash"))
    .values(polled_at=bindparam("now"), interval_seconds=bindparam("seconds"))
)
DEVICES_OF_CLIENT = BatchUpdate(
    device_authorizations,
    update(device_authorizations)
    .where(device_authorizations.c.client_id == bindparam("client"), device_authorizations.c.answered_at.is_(None))
    .values(refused_with="access_denied"),
)
"""Refuses every device of a client, whose id is `client`, that nobody has answered."""


def device_row(device: DeviceAuthorization) -> Row:
    """Return the row of a device that begins to poll."""
    return Row(device_authorizations, {column.name: getattr(device, column.name) for column in _COLUMNS})


def find_by_device_code(connection: Connection, device_code: str) -> DeviceAuthorization | None:
    """Return what the device of that code asked for, however old, or None."""
    return _read(_BY_DEVICE_CODE.row(connection, {"device_code_hash": hash_handle(device_code)}))


def find_by_user_code(connection: Connection, user_code: str) -> DeviceAuthorization | None:
    """Return what the device that shows this code asked for, however old, or None."""
    return _read(_BY_USER_CODE.row(connection, {"user_code_hash": hash_handle(user_code)}))


def answer_move(device_code_hash: bytes, now: int) -> Move:
    """Return what notes that a person allowed it, where nobody has answered yet; of two at once only one does.

    Spec: RFC8628-3.3
    """
    return Move(_ANSWER, {"device_code_hash": device_code_hash, "device_now": now})


def refuse_move(device_code_hash: bytes, error_code: str, now: int) -> Move:
    """Return what notes the error that the device is told from now on, where nobody has answered yet."""
    values = {"device_code_hash": device_code_hash, "device_refused_with": error_code, "device_now": now}
    return Move(_REFUSE, values)


def note_poll(connection: Connection, device_code_hash: bytes, now: int, interval_seconds: int) -> None:
    """Note when a device asked, and how long it is to wait from now on."""
    _POLLED.count(connection, {"hash": device_code_hash, "now": now, "seconds": interval_seconds})


def _read(values: tuple[object, ...] | None) -> DeviceAuthorization | None:
    return None if values is None else DeviceAuthorization(*values)  # type: ignore[arg-type]  # the columns, in order
