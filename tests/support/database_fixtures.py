"""Fixtures: a migrated and empty database, SQLite and PostgreSQL. A pytest plugin, named in `tests/conftest.py`."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from authserver.db.engine import Database
from tests.support import databases, run_directory


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        run_directory.begin_run()


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        run_directory.end_run()


@pytest.fixture(scope="session")
def postgresql_url(worker_id: str) -> str:
    """URL of this worker's own PostgreSQL database, at the newest schema; rows of earlier tests may be in it."""
    url = databases.new_postgresql_database(f"tests_{worker_id}")
    databases.migrate(url)
    return url


@pytest.fixture(scope="session")
def _migrated_sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "migrated.db"
    databases.migrate(databases.sqlite_url(path))
    return path


@pytest.fixture
def sqlite_url(_migrated_sqlite_file: Path, tmp_path: Path) -> str:
    """URL of this test's own SQLite file, at the newest schema and empty."""
    path = shutil.copy(_migrated_sqlite_file, tmp_path / "authserver.db")
    return databases.sqlite_url(Path(path))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """URL of a migrated database, once SQLite and once PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database, once SQLite and once PostgreSQL."""
    with databases.connected(database_url) as connected:
        if connected.dialect == "postgresql":
            databases.clear(connected)
        yield connected
