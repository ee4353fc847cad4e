"""Fixtures that deploy the whole server on a fresh SQLite database, or on both kinds."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from authserver.db.engine import Database
from tests.support import databases
from tests.support.deployment import Deployment, deploy
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, register, register_bank, register_vault


@pytest.fixture
def sqlite_database(sqlite_url: str) -> Iterator[Database]:
    """An empty SQLite database."""
    with databases.connected(sqlite_url) as connected:
        yield connected


@pytest.fixture
def deployment(sqlite_database: Database, sqlite_url: str) -> Deployment:
    """A deployment on SQLite."""
    return deploy(sqlite_database, sqlite_url)


@pytest.fixture
def new_deployment(_migrated_sqlite_file: Path, tmp_path: Path) -> Iterator[Callable[..., Deployment]]:
    """What makes one fresh deployment after another, each with the settings it is given."""
    numbers = count()
    with ExitStack() as stack:

        def make(**settings: object) -> Deployment:
            url = databases.sqlite_url(Path(shutil.copy(_migrated_sqlite_file, tmp_path / f"{next(numbers)}.db")))
            return deploy(stack.enter_context(databases.connected(url)), url, **settings)

        yield make


@pytest.fixture
def either(database: Database, database_url: str) -> Deployment:
    """A deployment on SQLite, then one on PostgreSQL."""
    return deploy(database, database_url)


@pytest.fixture
def app(deployment: Deployment) -> RelyingParty:
    """A third-party app with a certificate, and the bank whose API it uses."""
    register_bank(deployment)
    return register(deployment)


@pytest.fixture
def alice(deployment: Deployment) -> Person:
    """Alice, with a password and an authenticator app."""
    return Person(deployment)


@pytest.fixture(scope="module")
def shared(_migrated_sqlite_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A deployment for all tests of a file, where refusals are many and none may change anything; without limits."""
    url = databases.sqlite_url(
        Path(shutil.copy(_migrated_sqlite_file, tmp_path_factory.mktemp("shared") / "authserver.db"))
    )
    with databases.connected(url) as connected:
        deployment = deploy(connected, url, limit_client="", limit_client_authentication_failure="")
        # Before the first token: the clock stands still, so what the server has read of its clients stays as it is.
        register_bank(deployment)
        register_vault(deployment)
        yield deployment


@pytest.fixture(scope="module")
def signed_in(shared: Deployment) -> Person:
    """Alice at the deployment of a whole file: she signs in at the first request and stays so."""
    return Person(shared)
