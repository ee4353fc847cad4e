"""What an operator does is recorded with who did it and why, in the transaction of the act, or is not done."""

import json
import os
import pwd
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from authserver.accounts.store import people
from authserver.db.engine import Database
from authserver.db.tables.events import events
from authserver.db.tables.schema import metadata
from authserver.events.store import add_reader
from authserver.keys.store import find_all
from authserver.operations import acts
from authserver.operations.acts import Act
from authserver.operations.perform import HANDLERS
from tests.support import databases
from tests.support.command_line import CommandLine
from tests.support.deployment import PASSWORD, SEED, Deployment
from tests.support.operating import OPERATOR, operate
from tests.support.relying_party import register, register_bank

_WHY = "case 4711: the phone was stolen"
_SHOP = {
    "client_id": "shop",
    "profile": "oidc",
    "redirect_uris": ["https://shop.example/back"],
    "scope": "openid",
    "grant_types": ["authorization_code"],
    "token_endpoint_auth_method": "client_secret_basic",
    "id_token_signed_response_alg": "RS256",
}


@pytest.fixture
def deployed(tmp_path: Path) -> CommandLine:
    """A prompt with a deployment, one person and one client with a secret."""
    prompt = CommandLine(tmp_path / "deployment", {"PROFILES": "fapi2,oidc"})
    prompt.init()
    prompt.done("user", "add", "alice", "--password-stdin", "--email", "alice@example.com", given=PASSWORD)
    prompt.done("client", "add", "-", given=json.dumps(_SHOP))
    return prompt


@pytest.fixture
def stored(deployed: CommandLine) -> Iterator[Database]:
    """The deployment's database."""
    with databases.connected(databases.sqlite_url(deployed.folder / "authserver.sqlite")) as connected:
        yield connected


@pytest.fixture
def system_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A log of the system that remembers what it was handed."""
    path = tmp_path / "log"
    monkeypatch.setattr("authserver.cli.system_log.ADDRESS", str(path))
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(str(path))
        listening.setblocking(False)
        yield listening


def _rows(database: Database, reason: str = _WHY) -> list[Any]:
    columns = events.c.kind, events.c.actor_role, events.c.actor, events.c.account_id, events.c.client_id
    with database.read() as connection:
        return list(connection.execute(select(*columns).where(events.c.reason == reason)))


def _lines(listening: socket.socket) -> list[str]:
    lines = []
    while True:
        try:
            lines.append(listening.recv(65_536).decode())
        except BlockingIOError:
            return lines


def _user() -> str:
    return pwd.getpwuid(os.getuid()).pw_name


@pytest.mark.parametrize(
    ("words", "given", "kinds"),
    [
        (["user", "add", "bob", "--password-stdin"], PASSWORD, {"account.created"}),
        (["user", "invite", "bob"], None, {"account.created", "account.invited"}),
        (["user", "update", "alice", "--email", "a@example.com"], None, {"email.changed"}),
        (["user", "lock", "alice"], None, {"account.locked"}),
        (["user", "unlock", "alice"], None, {"account.unlocked"}),
        (["user", "revoke", "alice", "--client", "shop"], None, {"permissions.revoked"}),
        (["user", "reset-mfa", "alice"], None, {"account.signed_out"}),
        (["user", "totp", "alice"], None, {"generator.added"}),
        (["user", "delete", "alice", "--yes"], None, {"account.deleted"}),
        (["client", "add", "-"], json.dumps({**_SHOP, "client_id": "b"}), {"client.registered"}),
        (["client", "update", "shop", "-"], json.dumps(_SHOP), {"client.updated"}),
        (["client", "rotate-secret", "shop"], None, {"client.secret_rotated"}),
        (["client", "disable", "shop"], None, {"client.disabled"}),
        (["client", "enable", "shop"], None, {"client.enabled"}),
        (["client", "delete", "shop", "--yes"], None, {"client.deleted"}),
        (["db", "purge"], None, {"database.purged"}),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_a_command_is_recorded_with_who_and_why(
    deployed: CommandLine,
    stored: Database,
    system_log: socket.socket,
    words: list[str],
    given: str | None,
    kinds: set[str],
) -> None:
    done = deployed.done(*words, "--reason", _WHY, given=given)
    rows = _rows(stored)
    assert {row.kind for row in rows} == kinds
    assert {(row.actor_role, row.actor) for row in rows} == {("operator", _user())}
    lines = _lines(system_log)
    assert {_fact(line, "event_name") for line in lines} == kinds
    assert {(_fact(line, "actor"), _fact(line, "reason")) for line in lines} == {(_user(), _WHY)}
    assert all(secret not in line for line in lines for secret in (PASSWORD, *_shown_once(done)))


def _fact(line: str, name: str) -> object:
    return json.loads(line.partition("authserver: ")[2])[name]


def _shown_once(output: str) -> list[str]:
    """Return the secrets that a command printed: a client's, a seed, an invitation."""
    return re.findall(r"(?:client_secret +|secret=|invitation=)([\w-]{20,})", output)


def test_keys_are_recorded_too_and_a_compromised_one_raises_an_alarm(
    deployed: CommandLine, stored: Database, system_log: socket.socket
) -> None:
    with stored.read() as connection:
        kid = find_all(connection)[0].kid
    deployed.done("keys", "rotate", "--reason", "nothing is due")
    deployed.done("keys", "retire", kid, "--reason", _WHY)
    deployed.done("keys", "retire", kid, "--compromised", "--reason", _WHY)
    assert _rows(stored, "nothing is due") == []
    assert {row.kind for row in _rows(stored)} == {"key.retired", "key.made", "key.compromised"}
    priorities = {_fact(line, "event_name"): line.partition(">")[0] for line in _lines(system_log)}
    assert priorities == {"key.retired": "<85", "key.made": "<85", "key.compromised": "<84"}


def test_first_keys_are_recorded(deployed: CommandLine, stored: Database) -> None:
    assert [row.kind for row in _rows(stored, "")].count("key.made") == 4
    assert all(row.actor == _user() for row in _rows(stored, "")), deployed


def test_what_is_refused_leaves_no_record(deployed: CommandLine, stored: Database, system_log: socket.socket) -> None:
    deployed.refused("user", "add", "alice", "--password-stdin", "--reason", _WHY, given=PASSWORD)
    deployed.refused("client", "add", "-", "--reason", _WHY, given=json.dumps(_SHOP))
    deployed.refused("client", "disable", "nobody", "--reason", _WHY)
    deployed.refused("keys", "retire", "nope", "--reason", _WHY)
    assert _rows(stored) == []
    assert _lines(system_log) == []


def test_who_asked_is_said_where_one_user_runs_commands_for_all(deployed: CommandLine, stored: Database) -> None:
    deployed.done("--on-behalf-of", "olga", "user", "lock", "alice", "--reason", _WHY)
    assert [row.actor for row in _rows(stored)] == [f"olga (as {_user()})"]
    for name in ("a" * 65, "two\nlines"):
        assert deployed.run("--on-behalf-of", name, "user", "list").exit_code == 2


def _all_rows(connection: Connection) -> dict[str, list[Any]]:
    return {table.name: list(map(tuple, connection.execute(select(table)))) for table in metadata.sorted_tables}


def _act(name: str, account_id: str, kid: str) -> tuple[Act[Any], str | None]:
    """Return an act of that kind which would change something, and the secret beside it."""
    made: dict[str, tuple[Act[Any], str | None]] = {
        "AddAccount": (acts.AddAccount("carol"), "seven-quiet-herons-wade"),
        "InviteAccount": (acts.InviteAccount("carol"), None),
        "WithdrawInvitations": (acts.WithdrawInvitations(account_id), None),
        "UpdateAccount": (acts.UpdateAccount(account_id, {"name": "Alice"}), None),
        "LockAccount": (acts.LockAccount(account_id), None),
        "UnlockAccount": (acts.UnlockAccount(account_id), None),
        "ResetFactors": (acts.ResetFactors(account_id), None),
        "EnrolGenerator": (acts.EnrolGenerator(account_id), SEED),
        "EndSharing": (acts.EndSharing(account_id), None),
        "DeleteAccount": (acts.DeleteAccount(account_id), None),
        "AddClient": (acts.AddClient({**_SHOP, "client_id": "b"}), None),
        "RegisterItself": (acts.RegisterItself({**_SHOP, "client_id": "c"}), "a-registration-access-token"),
        "MakeInitialToken": (acts.MakeInitialToken("fapi2", 1, 60), None),
        "UpdateClient": (acts.UpdateClient("shop", {**_SHOP, "client_name": "Shop"}), None),
        "RotateClientSecret": (acts.RotateClientSecret("shop"), None),
        "DisableClient": (acts.DisableClient("shop"), None),
        "EnableClient": (acts.EnableClient("shop"), None),
        "DeleteClient": (acts.DeleteClient("shop"), None),
        "ProvisionKeys": (acts.ProvisionKeys(), None),
        "RotateKeys": (acts.RotateKeys(), None),
        "RetireKey": (acts.RetireKey(kid), None),
        "RetireCompromisedKey": (acts.RetireCompromisedKey(kid), None),
        "PurgeExpired": (acts.PurgeExpired(100), None),
        "RemoveReader": (acts.RemoveReader("siem"), None),
    }
    return made[name]


class _Broken(Exception):
    """What stands for a process that ends at that line."""


def _breaks(*_: object) -> None:
    raise _Broken


def _prepare(deployment: Deployment, name: str) -> tuple[Act[Any], str | None]:
    """Return an act that has something to do at a deployment, and the secret beside it."""
    register_bank(deployment)
    register(deployment)
    deployment.add_client(**_SHOP)
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, "alice")
        kid = find_all(connection)[0].kid
    assert account is not None
    if name == "ProvisionKeys":
        with deployment.database.transaction() as connection:
            connection.exec_driver_sql("DELETE FROM signing_keys")
    with deployment.database.transaction() as connection:
        add_reader(connection, "siem", 0, deployment.now)
    deployment.wait(100 * 86_400)  # so that a rotation is due, and a purge
    return _act(name, account.account_id, kid)


@pytest.mark.parametrize("name", [kind.__name__ for kind in HANDLERS])
def test_an_act_that_cannot_be_recorded_is_not_done(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    act, secret = _prepare(deployment, name)
    with deployment.database.read() as connection:
        before = _all_rows(connection)

    with monkeypatch.context() as patched:
        patched.setattr("authserver.events.journal.add_row", _breaks)
        with pytest.raises(_Broken):
            operate(deployment, act, secret=secret)
    with deployment.database.read() as connection:
        assert _all_rows(connection) == before

    operate(deployment, act, secret=secret)
    with deployment.database.read() as connection:
        recorded = connection.execute(select(events.c.actor_role, events.c.actor)).all()
    assert {tuple(row) for row in recorded} == {(OPERATOR.role, OPERATOR.name)}
