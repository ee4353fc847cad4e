"""Where limits keep their counters: an SQLite file in memory that all workers of a machine share.

The counters are lost when the machine restarts, which is fit for limits and for nothing else. Stands behind the
`limits` library's storage interface, so its strategies count here as they would in Valkey.
"""

import os
import sqlite3
import stat
import threading
import time
from hashlib import sha256
from pathlib import Path

from limits.storage import SlidingWindowCounterSupport, Storage

from authserver.clock import Clock, system_clock

_SHARED_MEMORY = Path("/dev/shm")  # noqa: S108 - memory shared by processes; the folder made below it is private
_PRIVATE = 0o700
_BUSY_SECONDS = 0.5
_ATTEMPTS_TO_PREPARE = 10
_SECONDS_BETWEEN_ATTEMPTS = 0.02
_WRITES_BETWEEN_PURGES = 256
_PURGE_BATCH = 1024

_SCHEMA = """
CREATE TABLE IF NOT EXISTS counters (key TEXT PRIMARY KEY, hits INTEGER NOT NULL, expires_at INTEGER NOT NULL)
WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS counters_expires_at ON counters (expires_at);
"""
_COUNT = """
INSERT INTO counters (key, hits, expires_at) VALUES (:key, :amount, :expires_at)
ON CONFLICT (key) DO UPDATE SET
    hits = CASE WHEN expires_at <= :now THEN :amount ELSE hits + :amount END,
    expires_at = CASE WHEN expires_at <= :now THEN :expires_at ELSE expires_at END
RETURNING hits
"""
# One statement looks and counts, so that two workers can never both take the last place.
_ACQUIRE = """
INSERT INTO counters (key, hits, expires_at)
SELECT :current, :amount, :expires_at
WHERE CAST(COALESCE((SELECT hits FROM counters WHERE key = :previous), 0) * :weight AS INTEGER)
    + COALESCE((SELECT hits FROM counters WHERE key = :current), 0) + :amount <= :limit
ON CONFLICT (key) DO UPDATE SET hits = hits + excluded.hits
RETURNING hits
"""
_FIND = "SELECT hits, expires_at FROM counters WHERE key = ? AND expires_at > ?"
_FIND_WINDOWS = "SELECT key, hits FROM counters WHERE key IN (?, ?)"
_CLEAR = "DELETE FROM counters WHERE key IN (?, ?)"
_PURGE = "DELETE FROM counters WHERE key IN (SELECT key FROM counters WHERE expires_at <= ? LIMIT ?)"


def default_path(data_dir: Path, shared_memory: Path = _SHARED_MEMORY) -> Path:
    """Return where the counters of this installation live: in shared memory where there is any, else in DATA_DIR.

    Anyone on the machine may write to the shared memory's folder, so ours below it must be ours alone; if someone got
    there first, DATA_DIR is used.
    """
    name = f"limits-{sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]}.sqlite"
    folder = shared_memory / f"authserver-{os.getuid()}"
    try:
        folder.mkdir(mode=_PRIVATE, exist_ok=True)
        found = folder.lstat()
    except OSError:
        return data_dir / name
    is_private = stat.S_ISDIR(found.st_mode) and stat.S_IMODE(found.st_mode) == _PRIVATE
    return (folder if is_private and found.st_uid == os.getuid() else data_dir) / name


class _Connection:
    """One thread's connection, closed with its thread."""

    def __init__(self, path: Path) -> None:
        self.process_id = os.getpid()
        self.writes = 0
        self.raw = sqlite3.connect(path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        self.raw.execute("PRAGMA synchronous = OFF")
        self._prepare(_ATTEMPTS_TO_PREPARE)

    def _prepare(self, attempts: int) -> None:
        """Make the tables, and try again where others were first.

        Workers that start at once all turn the new file to WAL, and SQLite does not wait for that lock.
        """
        try:
            self.raw.execute("PRAGMA journal_mode = WAL")
            self.raw.executescript(_SCHEMA)
        except sqlite3.OperationalError:
            if attempts <= 1:
                raise
            time.sleep(_SECONDS_BETWEEN_ATTEMPTS)
            self._prepare(attempts - 1)

    def __del__(self) -> None:
        if hasattr(self, "raw"):
            self.raw.close()


class SqliteStorage(Storage, SlidingWindowCounterSupport):
    """Counters in an SQLite file, for the fixed window and the sliding window counter."""

    STORAGE_SCHEME = None

    def __init__(self, path: Path, clock: Clock = system_clock) -> None:
        super().__init__()
        self._path = path
        self._clock = clock
        self._local = threading.local()
        self._inherited: list[_Connection] = []

    @property
    def base_exceptions(self) -> type[Exception]:
        """What this storage raises when it cannot count."""
        return sqlite3.Error

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Count into a fixed window and return its count."""
        now = self._clock()
        row = {"key": key, "amount": amount, "expires_at": now + expiry, "now": now}
        return int(self._writable(now).execute(_COUNT, row).fetchone()[0])

    def get(self, key: str) -> int:
        """Return a fixed window's count."""
        row = self._connection().raw.execute(_FIND, (key, self._clock())).fetchone()
        return row[0] if row else 0

    def get_expiry(self, key: str) -> float:
        """Return when a fixed window ends."""
        now = self._clock()
        row = self._connection().raw.execute(_FIND, (key, now)).fetchone()
        return row[1] if row else now

    def acquire_sliding_window_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take `amount` places if the weighted count of the last and this window leaves room, in one statement."""
        now = self._clock()
        window, elapsed = divmod(now, expiry)
        row = {
            "current": f"{key}/{window}",
            "previous": f"{key}/{window - 1}",
            "weight": (expiry - elapsed) / expiry,
            "amount": amount,
            "limit": limit,
            "expires_at": (window + 2) * expiry,
        }
        return self._writable(now).execute(_ACQUIRE, row).fetchone() is not None

    def get_sliding_window(self, key: str, expiry: int) -> tuple[int, float, int, float]:
        """Return the count and the remaining seconds of the last and of this window."""
        window, elapsed = divmod(self._clock(), expiry)
        previous, current = f"{key}/{window - 1}", f"{key}/{window}"
        hits = dict(self._connection().raw.execute(_FIND_WINDOWS, (previous, current)).fetchall())
        remaining = float(expiry - elapsed)
        return hits.get(previous, 0), remaining, hits.get(current, 0), remaining + expiry

    def clear_sliding_window(self, key: str, expiry: int) -> None:
        """Forget the last and this window."""
        window = self._clock() // expiry
        self._connection().raw.execute(_CLEAR, (f"{key}/{window - 1}", f"{key}/{window}"))

    def clear(self, key: str) -> None:
        """Forget a fixed window."""
        self._connection().raw.execute(_CLEAR, (key, key))

    def reset(self) -> int:
        """Forget everything and return how many counters there were."""
        return self._connection().raw.execute("DELETE FROM counters").rowcount

    def check(self) -> bool:
        """Say whether the file can be read."""
        try:
            self._connection().raw.execute("SELECT 1 FROM counters LIMIT 1")
        except sqlite3.Error:
            return False
        return True

    def _writable(self, now: int) -> sqlite3.Connection:
        """Return this thread's connection, having removed a bounded batch of expired rows every so often."""
        connection = self._connection()
        connection.writes += 1
        if connection.writes % _WRITES_BETWEEN_PURGES == 0:
            connection.raw.execute(_PURGE, (now, _PURGE_BATCH))
        return connection.raw

    def _connection(self) -> _Connection:
        """Return this thread's connection; one inherited through a fork is kept aside untouched, as SQLite demands."""
        held: _Connection | None = getattr(self._local, "connection", None)
        if held is not None and held.process_id == os.getpid():
            return held
        if held is not None:
            self._inherited.append(held)
        opened = _Connection(self._path)
        self._local.connection = opened
        return opened
