"""Fixtures that deploy the whole server on a fresh SQLite database, or on both kinds."""

from collections.abc import Iterator

import pytest

from authserver.db.engine import Database
from tests.support import databases
from tests.support.deployment import Deployment, deploy
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, register, register_bank


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
    """Alice, with a password and a code generator."""
    return Person(deployment)
