"""What operators look at before and after their acts; nothing here changes anything."""

from collections.abc import Sequence

from authserver.accounts.factors.store import NAMES, find_enrolled
from authserver.accounts.model import Account
from authserver.accounts.store import people
from authserver.clients import store as clients
from authserver.clients.store import ClientRecord
from authserver.db.engine import Database
from authserver.db.purge import count_expired, database_clock
from authserver.events.store import (
    Activity,
    ReaderState,
    RecordedEvent,
    count_unread,
    find_latest,
    find_readers,
    find_recent,
)
from authserver.keys import store as keys
from authserver.keys.model import StoredKey
from authserver.keys.rotation import RotationPolicy, RotationStep, plan_rotation
from authserver.profiles.catalogue import signing_algorithms

__all__ = [
    "Activity", "ClientRecord", "ReaderState", "RecordedEvent", "find_account", "find_client", "find_expired",
    "find_factors", "list_accounts", "list_activities", "list_by_certificate", "list_clients", "list_events",
    "list_keys", "list_published_keys", "list_readers", "plan_keys",
]  # fmt: skip

_MOST_ACTIVITIES = 1_000


def find_account(database: Database, username: str) -> Account | None:
    """Return the account of a parsed username, or None."""
    with database.read() as connection:
        return people.find_by_username(connection, username)


def list_accounts(database: Database) -> Sequence[Account]:
    """Return every account, by username."""
    with database.read() as connection:
        return people.find_all(connection)


def find_factors(database: Database, account_id: str) -> dict[str, bool]:
    """Return for each factor whether the person of an account has it, and whether a passkey was closed."""
    with database.read() as connection:
        enrolled = find_enrolled(connection, account_id)
    held = {name: name in enrolled.names for name in NAMES}
    return {**held, "closed_passkey": enrolled.closed_passkey}


def list_activities(database: Database, account_id: str, now: int) -> Sequence[Activity]:
    """Return the latest thousand activities of an account, newest first, as its person sees them."""
    with database.read() as connection:
        return find_recent(connection, account_id, now, _MOST_ACTIVITIES)


def list_events(database: Database, most: int) -> Sequence[RecordedEvent]:
    """Return the latest events that are recorded, newest first."""
    with database.read() as connection:
        return find_latest(connection, most)


def list_readers(database: Database) -> Sequence[tuple[ReaderState, int, int | None]]:
    """Return each reader of events, how many it has not read yet, and when the first of those happened."""
    with database.read() as connection:
        return [(each, *count_unread(connection, each.position)) for each in find_readers(connection)]


def find_client(database: Database, client_id: str) -> ClientRecord | None:
    """Return the row of a client, or None."""
    with database.read() as connection:
        return clients.find_client(connection, client_id)


def list_clients(database: Database) -> Sequence[ClientRecord]:
    """Return the row of every client, by id."""
    with database.read() as connection:
        return clients.list_clients(connection)


def list_by_certificate(database: Database) -> Sequence[ClientRecord]:
    """Return the rows of the enabled clients that authenticate, or bind their tokens, by a certificate of any kind."""
    with database.read() as connection:
        return clients.list_by_certificate(connection)


def list_published_keys(database: Database) -> tuple[StoredKey, ...]:
    """Return every key that signs, will sign or is still published, oldest first."""
    with database.read() as connection:
        return keys.find_all(connection)


def list_keys(database: Database) -> tuple[StoredKey, ...]:
    """Return the published keys, then those in the archive."""
    with database.read() as connection:
        return (*keys.find_all(connection), *keys.find_archived(connection))


def plan_keys(database: Database, profiles: Sequence[str], now: int) -> Sequence[RotationStep]:
    """Return what a rotation of the keys would do now."""
    return plan_rotation(list_published_keys(database), now, RotationPolicy(), signing_algorithms(profiles))


def find_expired(database: Database) -> tuple[int, int]:
    """Return the database's own time, by which all nodes go, and how many rows have expired by then."""
    now = database_clock(database)
    return now, sum(count_expired(database, now).values())
