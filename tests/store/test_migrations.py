"""The migrations lead to exactly the schema that the code is written for."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, String, inspect

from authserver.clients.store import find_client, insert_client
from authserver.db import migrate, revision
from authserver.db.engine import Database
from authserver.db.tables.schema import metadata
from authserver.db.writes import add_row
from authserver.events.catalogue import PASSKEY_ADDED, PASSWORD_CHANGED, SIGN_IN_SUCCEEDED
from authserver.events.model import Event, person
from authserver.events.store import event_row, find_recent
from tests.support import databases


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, worker_id: str, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return databases.sqlite_url(tmp_path / "empty.db")
    return databases.new_postgresql_database(f"empty_{worker_id}_{abs(hash(request.node.name)):x}")


def _columns(connection: Connection) -> dict[str, list[tuple[str, str, bool]]]:
    inspector = inspect(connection)
    return {
        table: [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)]
        for table in metadata.tables
    }


def _keys(connection: Connection) -> dict[str, list[str]]:
    inspector = inspect(connection)
    return {table: inspector.get_pk_constraint(table)["constrained_columns"] for table in metadata.tables}


def test_head_is_what_the_tables_say(database: Database) -> None:
    assert migrate.drift(database) == []


def test_head_has_the_tables_primary_keys(database: Database) -> None:
    with database.read() as connection:
        found = _keys(connection)
    assert found == {name: [column.name for column in table.primary_key] for name, table in metadata.tables.items()}


def test_migrating_and_creating_give_the_same_columns(database: Database) -> None:
    with database.read() as connection:
        migrated = _columns(connection)
    with database.transaction() as connection:
        connection.exec_driver_sql("DROP VIEW activities")
        metadata.drop_all(connection)
        metadata.create_all(connection)
        created = _columns(connection)
    assert migrated == created


def test_drift_is_seen(empty_database_url: str) -> None:
    with databases.connected(empty_database_url) as database:
        migrate.upgrade(database, databases.MIGRATIONS)
        with database.transaction() as connection:
            connection.exec_driver_sql("ALTER TABLE clients DROP COLUMN profile")
            connection.exec_driver_sql("DROP INDEX grants_account_id")
        drift = "\n".join(migrate.drift(database))
    assert "profile" in drift
    assert "grants_account_id" in drift


def test_upgrade_takes_an_empty_database_to_head_and_repeating_it_changes_nothing(empty_database_url: str) -> None:
    with databases.connected(empty_database_url) as database:
        assert migrate.current(database) is None
        assert not revision.is_current(database)
        for _ in range(2):
            migrate.upgrade(database, databases.MIGRATIONS)
            assert migrate.current(database) == migrate.head(databases.MIGRATIONS)
            assert revision.is_current(database)


def test_the_code_needs_the_newest_revision_there_is() -> None:
    assert migrate.head(databases.MIGRATIONS) == revision.HEAD


def test_a_database_of_a_later_version_is_not_current(empty_database_url: str) -> None:
    with databases.connected(empty_database_url) as database:
        migrate.upgrade(database, databases.MIGRATIONS)
        with database.transaction() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        assert not revision.is_current(database)


def test_an_upgrade_that_fails_leaves_nothing_behind(empty_database_url: str, tmp_path: Path) -> None:
    script_location = tmp_path / "migrations"
    (script_location / "versions").mkdir(parents=True)
    for name in ("env.py", "versions/0001_first_schema.py"):
        (script_location / name).write_bytes((databases.MIGRATIONS / name).read_bytes())
    (script_location / "versions" / "0002_broken.py").write_text(
        "revision, down_revision = '0002', '0001'\ndef upgrade():\n    raise ArithmeticError\n", encoding="utf-8"
    )
    with databases.connected(empty_database_url) as database:
        with pytest.raises(ArithmeticError):
            migrate.upgrade(database, script_location)
        with database.read() as connection:
            assert inspect(connection).get_table_names() == []


def test_nodes_that_upgrade_at_the_same_moment_take_turns(empty_database_url: str) -> None:
    with ThreadPoolExecutor(2) as nodes:
        for node in [nodes.submit(databases.migrate, empty_database_url) for _ in range(2)]:
            node.result()


def test_a_drafted_migration_says_what_the_database_lacks(empty_database_url: str, tmp_path: Path) -> None:
    script_location = tmp_path / "migrations"
    (script_location / "versions").mkdir(parents=True)
    for name in ("env.py", "script.py.mako", "versions/0001_first_schema.py"):
        (script_location / name).write_bytes((databases.MIGRATIONS / name).read_bytes())
    with databases.connected(empty_database_url) as database:
        migrate.upgrade(database, script_location)
        with database.transaction() as connection:
            connection.exec_driver_sql("DROP TABLE totp_credentials")
        migrate.draft(database, script_location, "add the second factor")
    (drafted,) = set((script_location / "versions").glob("*.py")) - {
        script_location / "versions" / "0001_first_schema.py"
    }
    assert "create_table('totp_credentials'" in drafted.read_text(encoding="utf-8")


def test_text_from_outside_has_no_length_in_the_schema() -> None:
    bounded = {
        column.name for table in metadata.tables.values() for column in table.columns if type(column.type) is String
    }
    assert bounded == {
        "aaguid", "account_id", "actor_role", "algorithm", "approval_id", "consent_id", "error", "event_id", "grant_id",
        "holder", "kid", "kind", "language", "letter_id", "method", "name", "passkey_id", "profile", "refused_with",
        "registered_by", "revoked_because", "session_id", "state",
    }  # fmt: skip


def test_the_id_of_a_client_deleted_before_there_were_tombstones_is_not_used_again(empty_database_url: str) -> None:
    with databases.connected(empty_database_url) as database:
        with database.transaction() as connection:
            command.upgrade(migrate._config(databases.MIGRATIONS, connection), "0001")  # noqa: SLF001 - one step of it
            connection.exec_driver_sql(
                "INSERT INTO consents (consent_id, account_id, client_id, scope, claims, resources,"
                " authorization_details, granted_at, expires_at)"
                " VALUES ('c', 'alice', 'gone', '[]', '[]', '[]', '[]', 1000, 9000)"
            )
        migrate.upgrade(database, databases.MIGRATIONS)

        with database.transaction() as connection:
            assert find_client(connection, "gone") is None
            assert not insert_client(connection, "gone", {}, None, 2000)


@pytest.mark.spec("ASVS5-16.2.1")
def test_activities_become_events_and_code_of_before_goes_on(empty_database_url: str) -> None:
    added = (
        "INSERT INTO activities (activity_id, account_id, name, happened_at, client_id, detail, expires_at)"
        " VALUES ('{}', 'alice', '{}', {}, NULL, '{}', 99999)"
    )
    with databases.connected(empty_database_url) as database:
        with database.transaction() as connection:
            command.upgrade(migrate._config(databases.MIGRATIONS, connection), "0006")  # noqa: SLF001 - one step of it
            connection.exec_driver_sql(added.format("a", "signed_in", 1000, "pwd Firefox on Linux"))
        migrate.upgrade(database, databases.MIGRATIONS)

        with database.transaction() as connection:  # what the version before does
            connection.exec_driver_sql(added.format("b", "passkey_added", 2000, "My phone"))
            connection.exec_driver_sql(added.format("c", "signed_out", 3000, ""))
            connection.exec_driver_sql("DELETE FROM activities WHERE activity_id = 'c'")
            add_row(connection, event_row(Event(PASSWORD_CHANGED, 4000, person("alice"), "alice")))
            seen = connection.exec_driver_sql("SELECT name, happened_at, detail FROM activities ORDER BY happened_at")
            assert [tuple(row) for row in seen] == [
                ("signed_in", 1000, "pwd Firefox on Linux"),
                ("passkey_added", 2000, "My phone"),
                ("password.changed", 4000, ""),
            ]
        with database.read() as connection:
            found = find_recent(connection, "alice", 5000, 10)
        assert [(each.kind, each.name, each.thing) for each in found] == [
            (PASSWORD_CHANGED, "password_changed", ""),
            (PASSKEY_ADDED, "passkey_added", "My phone"),
            (SIGN_IN_SUCCEEDED, "signed_in", "pwd Firefox on Linux"),
        ]
