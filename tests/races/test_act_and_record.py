"""An act and its record stand or fall together, wherever between two statements the process dies."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Table, select

from authserver.db.engine import Database
from authserver.db.tables.accounts import accounts, recovery_codes
from authserver.db.tables.authorization import interactions
from authserver.db.tables.events import events
from authserver.db.tables.grants import consents, grants
from authserver.db.tables.sessions import sessions
from authserver.events.catalogue import (
    CODE_REPLAYED,
    CONSENT_DENIED,
    CONSENT_GIVEN,
    DATA_DOWNLOADED,
    PASSWORD_CHANGED,
    RECOVERY_CODES_MADE,
    SESSIONS_ENDED,
    SHARING_ENDED,
    SIGN_IN_SUCCEEDED,
    SIGN_OUT_DONE,
)
from authserver.events.journal import Journal
from authserver.events.model import Event, Kind
from tests.support.deployment import PASSWORD, Deployment, StatementCounter
from tests.support.person import Person, code_of
from tests.support.relying_party import register, register_bank

Act = Callable[[], object]
NEW_PASSWORD = "seven-quiet-herons-wade"


class Killed(BaseException):
    """The process died."""


class Fuse(list[str]):
    """A list of statements that is cut off by the death of the process."""

    def __init__(self, longest: int) -> None:
        super().__init__()
        self.longest, self.thread = longest, threading.get_ident()

    def append(self, statement: str) -> None:
        """Note a statement, unless this is where it ends; another test's thread may send letters meanwhile."""
        if threading.get_ident() != self.thread:
            return
        if len(self) == self.longest:
            raise Killed
        super().append(statement)


def dies_everywhere(act: Act) -> Iterator[None]:
    """Do an act again and again, each time one statement further before it dies; stop when it has lived."""
    for statements in range(200):
        is_alive = _lives(act, statements)
        yield
        if is_alive:
            return
    raise AssertionError("the act never ends")


def _lives(act: Act, statements: int) -> bool:
    counter = StatementCounter()
    counter.statements = Fuse(statements)
    with counter:
        try:
            act()
        except Killed:
            return False
    return True


def rows_of(database: Database, table: Table) -> list[tuple[Any, ...]]:
    with database.read() as connection:
        return sorted(map(tuple, connection.execute(select(table))), key=repr)


def recorded(database: Database, kind: Kind) -> int:
    with database.read() as connection:
        return len(connection.execute(select(events).where(events.c.kind == kind.name)).all())


def _form(deployment: Deployment, path: str, **fields: str) -> Act:
    alice = signed_in(deployment)
    page = alice.open(path)
    assert page.request.path == path, page.request.path
    return lambda: alice.send(page, **fields)


def signed_in(deployment: Deployment) -> Person:
    """Return Alice, who has proved both factors."""
    alice = Person(deployment)
    page = alice.enter_code(alice.sign_in(alice.open("/account/methods")))
    assert page.request.path == "/account/methods"
    return alice


def make_codes(deployment: Deployment) -> Act:
    return _form(deployment, "/account/recovery-codes")


def change_password(deployment: Deployment) -> Act:
    return _form(deployment, "/account/password", password=PASSWORD, new_password=NEW_PASSWORD)


def sign_out(deployment: Deployment) -> Act:
    return _form(deployment, "/logout")


def end_others(deployment: Deployment) -> Act:
    signed_in(deployment)
    deployment.wait(60)
    return _form(deployment, "/account/sessions", action="end_others")


def download(deployment: Deployment) -> Act:
    alice = signed_in(deployment)
    return lambda: alice.open("/account/data")


def sign_in(deployment: Deployment) -> Act:
    bob = Person(deployment, "bob")
    page = bob.open("/account")
    return lambda: bob.send(page, username="bob", password=PASSWORD)


def _asked(deployment: Deployment) -> tuple[Person, Any]:
    register_bank(deployment)
    app = register(deployment)
    alice = Person(deployment)
    return alice, alice.enter_code(alice.sign_in(alice.open(app.authorization_url())))


def allow(deployment: Deployment) -> Act:
    alice, page = _asked(deployment)
    return lambda: alice.send(page, decision="approve")


def deny(deployment: Deployment) -> Act:
    alice, page = _asked(deployment)
    return lambda: alice.send(page, decision="deny")


def _redeemed(deployment: Deployment) -> tuple[Any, str, Person]:
    register_bank(deployment)
    app, alice = register(deployment), Person(deployment)
    code = code_of(alice.approve(app.authorization_url()))
    assert app.redeem(code).status_code == 200
    return app, code, alice


def replay(deployment: Deployment) -> Act:
    app, code, _ = _redeemed(deployment)
    return lambda: app.redeem(code)


def stop_sharing(deployment: Deployment) -> Act:
    _, _, alice = _redeemed(deployment)
    page = alice.open("/account/apps?stop=app")
    return lambda: alice.send(page)


ACTS = [
    (make_codes, RECOVERY_CODES_MADE, recovery_codes),
    (change_password, PASSWORD_CHANGED, accounts),
    (sign_in, SIGN_IN_SUCCEEDED, sessions),
    (sign_out, SIGN_OUT_DONE, sessions),
    (end_others, SESSIONS_ENDED, sessions),
    (allow, CONSENT_GIVEN, consents),
    (deny, CONSENT_DENIED, interactions),
    (replay, CODE_REPLAYED, grants),
    (stop_sharing, SHARING_ENDED, consents),
]


@pytest.mark.parametrize(("prepare", "kind", "table"), ACTS, ids=lambda value: getattr(value, "__name__", ""))
def test_no_act_is_without_its_record_and_no_record_without_its_act(
    either: Deployment, prepare: Callable[[Deployment], Act], kind: Kind, table: Table
) -> None:
    act, database = prepare(either), either.database
    before, count, told = rows_of(database, table), recorded(database, kind), len(either.events)
    deaths = 0
    for _ in dies_everywhere(act):
        is_done = rows_of(database, table) != before
        assert recorded(database, kind) - count == is_done
        assert (kind in [event.kind for event in either.events[told:]]) == is_done
        if is_done:
            break
        deaths += 1
    assert is_done
    assert deaths > 0


def test_what_is_taken_away_is_recorded_as_taken(either: Deployment) -> None:
    act, count = download(either), recorded(either.database, DATA_DOWNLOADED)
    for _ in dies_everywhere(act):
        pass
    assert recorded(either.database, DATA_DOWNLOADED) - count == 1


def test_nothing_is_told_of_what_is_undone(database: Database) -> None:
    told: list[Event] = []
    journal = Journal(told.append)

    def fail_after_recording() -> None:
        with database.transaction() as connection:
            journal.record(connection, Event(PASSWORD_CHANGED, 1, subject="alice"))
            assert told == []
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail_after_recording()
    assert told == []
    assert recorded(database, PASSWORD_CHANGED) == 0
    with database.transaction() as connection:
        journal.record(connection, Event(PASSWORD_CHANGED, 1, subject="alice"))
    assert [event.kind for event in told] == [PASSWORD_CHANGED]


def test_a_recorded_kind_is_told_with_its_record_alone() -> None:
    with pytest.raises(TypeError, match="recorded"):
        Journal(lambda _event: None).tell(Event(PASSWORD_CHANGED, 1))
