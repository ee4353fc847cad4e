"""What becomes of a request when SQLite's file cannot be written, or its disk is slow: a 503 that is true."""

import os
import resource
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from authserver.db.engine import Database
from authserver.db.sqlite_connections import command
from authserver.db.tables.one_time_ids import claimed_ids
from authserver.db.writes import Row, Writes
from authserver.protocol.errors import TemporarilyUnavailable
from tests.support import databases

_NOBODY = 65534


def _write(database: Database, name: str) -> bool:
    return database.write(Writes(rows=(Row(claimed_ids, {"id_hash": name.encode(), "expires_at": 1}),)))


def _names(database: Database) -> set[bytes]:
    with database.read() as connection:
        return set(connection.execute(select(claimed_ids.c.id_hash)).scalars())


def _is_queued(database: Database, count: int) -> bool:
    return len(database._backend._pending) >= count  # type: ignore[attr-defined]  # noqa: SLF001 - nothing else tells that a write has begun to wait


def test_who_is_told_503_has_written_nothing_though_the_disk_stalls(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    committing, to_come = threading.Event(), list[str]()

    def slow(connection: Connection, text: str) -> None:
        if text == "COMMIT" and to_come and to_come.pop() == "stalls":
            committing.set()
            time.sleep(1.0)
        command(connection, text)

    monkeypatch.setattr("authserver.db.sqlite.command", slow)
    with (
        databases.connected(sqlite_url, patience_seconds=0.4, threads=16) as database,
        ThreadPoolExecutor(8) as pool,
    ):
        with database.transaction():
            first = [pool.submit(_write, database, f"first-{number}") for number in range(4)]
            while not _is_queued(database, 4):
                time.sleep(0.001)
            to_come.extend(("stalls", "this transaction's own"))
        assert committing.wait(5)
        late = pool.submit(_write, database, "late")
        assert [each.result() for each in first] == [True] * 4, "who was taken up waits for what comes of it"
        assert isinstance(late.exception(), TemporarilyUnavailable)
        assert _names(database) == {b"first-0", b"first-1", b"first-2", b"first-3"}
        assert _write(database, "after")


@contextmanager
def _rights_of_nobody() -> Iterator[None]:
    """Lay down root's rights, which no file mode stops."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(_NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that everybody may write to."""
    folder = Path(tempfile.mkdtemp(prefix="as-sqlite-", dir="/tmp"))
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(folder)


def test_a_file_that_cannot_be_written_is_a_503_and_then_forgotten(sqlite_url: str, open_folder: Path) -> None:
    file = Path(shutil.copy(sqlite_url.removeprefix("sqlite:///"), open_folder / "authserver.sqlite"))
    file.chmod(0o444)
    with databases.connected(databases.sqlite_url(file)) as database:
        with _rights_of_nobody():
            assert not database.can_write()
            for _ in range(2):
                with pytest.raises(TemporarilyUnavailable):
                    _write(database, "refused")
                with pytest.raises(TemporarilyUnavailable), database.transaction() as connection:
                    connection.execute(claimed_ids.delete())
        for each in open_folder.iterdir():  # SQLite's own companions have the file's mode
            each.chmod(0o666)
        with _rights_of_nobody():
            assert database.can_write()
            assert _write(database, "taken")
            assert _names(database) == {b"taken"}


def test_a_full_disk_is_a_503_and_then_forgotten(sqlite_url: str) -> None:
    wal = Path(sqlite_url.removeprefix("sqlite:///") + "-wal")
    with databases.connected(sqlite_url) as database:
        assert _write(database, "before")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (wal.stat().st_size, hard))
        try:
            ready = database.can_write()
            with pytest.raises(TemporarilyUnavailable):
                _write(database, "refused")
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        assert not ready
        assert database.can_write()
        assert _write(database, "after")
        assert _names(database) == {b"before", b"after"}
