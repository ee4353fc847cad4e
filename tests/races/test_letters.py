"""Letters wait in the database: none is lost, none is sent twice, and nobody's wait behind another person's."""

import re
import smtplib
import threading
from collections import Counter
from typing import Any

import pytest
from msgspec.structs import asdict
from sqlalchemy import insert, select, update

from authserver.db.engine import Database
from authserver.db.purge import purge
from authserver.db.tables.outbound import letters
from authserver.events.model import Event
from authserver.outbound import store
from authserver.outbound.model import MOST_ATTEMPTS, MOST_WAITING, WaitingLetter, delay_after
from authserver.outbound.sender import BEHIND_SECONDS, LEASE_SECONDS, DeliveryWorker
from authserver.protocol.errors import TemporarilyUnavailable
from authserver.values import replace
from tests.support.races import at_once

NOW = 1_800_000_000
MORE = "account.more_changes"


class Post:
    """A queue with a clock that stands, and what it has sent and said."""

    def __init__(self, database: Database, *faults: type[BaseException]) -> None:
        self.database, self.now = database, NOW
        self.sent: list[WaitingLetter] = []
        self.events: list[Event] = []
        self._faults: list[BaseException] = [fault("as the test wants it") for fault in faults]
        self._lock = threading.Lock()
        self.sender = DeliveryWorker(
            database, self._deliver, (OSError, smtplib.SMTPException), self.events.append, lambda: self.now
        )

    def deliver_with(self, fault: BaseException) -> None:
        """Let the next delivery end in this fault."""
        self._faults.append(fault)

    def _deliver(self, letter: WaitingLetter) -> None:
        with self._lock:
            if self._faults:
                raise self._faults.pop(0)
            self.sent.append(letter)

    def add(self, account_id: str, name: str = "passkey.added") -> None:
        """Queue one letter."""
        with self.database.transaction() as connection:
            self.sender.queue(connection, store.new_letter(account_id, name, "My phone", "de", self.now), MORE)

    def waiting(self) -> int:
        """Return how many letters wait."""
        with self.database.read() as connection:
            return len(connection.execute(select(letters.c.letter_id).where(letters.c.expires_at.is_(None))).all())

    def send(self) -> int:
        """Send what is due until nothing is."""
        total = 0
        while tried := self.sender.send_due(self.now):
            total += tried
        return total


def test_a_letter_is_there_if_and_only_if_its_act_is(database: Database) -> None:
    post = Post(database)

    def fail_after_queueing() -> None:
        with database.transaction() as connection:
            post.sender.queue(connection, store.new_letter("alice", "passkey.added", "", "en", NOW), MORE)
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        fail_after_queueing()
    assert post.waiting() == 0
    post.add("alice")
    assert post.waiting() == 1


def test_another_process_sends_what_was_queued_before_a_restart(database: Database) -> None:
    Post(database).add("alice")
    after = Post(database)
    assert after.send() == 1
    (letter,) = after.sent
    assert (letter.account_id, letter.name, letter.detail, letter.language) == (
        "alice", "passkey.added", "My phone", "de",
    )  # fmt: skip
    assert after.waiting() == 0


def test_many_workers_send_each_letter_once(database: Database) -> None:
    posts = [Post(database) for _ in range(4)]
    for number in range(24):
        posts[0].add(f"person-{number}")
    at_once([post.send for post in posts])
    told = Counter(letter.account_id for post in posts for letter in post.sent)
    assert told == Counter(f"person-{number}" for number in range(24))
    assert posts[0].waiting() == 0


def test_a_person_with_many_changes_delays_nobody_and_loses_none(database: Database) -> None:
    post = Post(database)
    for _ in range(300):
        post.add("mallory", "recovery_codes.made")
    post.add("alice")
    assert post.waiting() == MOST_WAITING + 2

    post.now += 1
    post.send()
    assert {letter.account_id for letter in post.sent} == {"mallory", "alice"}
    assert Counter(letter.account_id for letter in post.sent)["mallory"] == 1

    post.now += 3600
    post.send()
    assert sum(letter.times for letter in post.sent if letter.account_id == "mallory") == 300
    assert [letter.times for letter in post.sent if letter.name == MORE] == [300 - MOST_WAITING]
    assert post.waiting() == 0


def test_what_is_added_while_the_letter_that_counts_is_under_way_is_told_too(database: Database) -> None:
    post = Post(database)
    for _ in range(MOST_WAITING + 2):
        post.add("mallory")
    post.now += 3600
    with database.read() as connection:
        (more,) = [each for each in store.find_due(connection, post.now, 100) if each.name == MORE]
    with database.transaction() as connection:
        assert store.claim(connection, more, post.now + 5)
    with database.transaction() as connection:
        connection.execute(update(letters).where(letters.c.name == MORE).values(times=letters.c.times + 1))
    with database.transaction() as connection:
        store.remove_sent(connection, replace(more, due_at=post.now + 5))
    post.now += 10
    post.send()
    assert [letter.times for letter in post.sent if letter.name == MORE] == [1]


def test_what_failed_is_tried_again_and_later_each_time(database: Database) -> None:
    post = Post(database, ConnectionRefusedError, smtplib.SMTPServerDisconnected)
    post.add("alice")
    assert post.send() == 1
    assert post.send() == 0
    post.now += delay_after(1) or 0
    assert post.send() == 1
    post.now += delay_after(1) or 0
    assert post.send() == 0
    post.now += delay_after(2) or 0
    assert post.send() == 1
    assert len(post.sent) == 1
    assert [(event.name, event.detail["error"]) for event in post.events] == [
        ("notice.failed", "ConnectionRefusedError"),
        ("notice.failed", "SMTPServerDisconnected"),
    ]


def test_what_never_succeeds_is_given_up_aloud_and_kept_for_a_while(database: Database) -> None:
    post = Post(database, *[OSError] * MOST_ATTEMPTS)
    post.add("alice")
    for _ in range(MOST_ATTEMPTS):
        assert post.send() == 1
        post.now += 86_400
    assert post.send() == 0
    assert [event.name for event in post.events if event.name.startswith("notice.")] == [
        *["notice.failed"] * (MOST_ATTEMPTS - 1), "notice.given_up",
    ]  # fmt: skip
    assert post.events[-1].subject == "alice"
    assert purge(database, post.now)["letters"] == 0
    assert purge(database, post.now + 31 * 86_400)["letters"] == 1


def test_a_fault_of_ours_counts_as_an_attempt_and_ends_with_an_alarm(database: Database) -> None:
    post = Post(database, *[ArithmeticError] * MOST_ATTEMPTS)
    post.add("alice")
    for attempts in range(1, MOST_ATTEMPTS + 1):
        assert post.send() == 1
        assert post.send() == 0
        post.now += delay_after(attempts) or 86_400
    assert post.send() == 0
    assert post.waiting() == 0
    assert [(event.name, event.detail["error"]) for event in post.events if event.name != "notices.behind"] == [
        *[("notice.sender_failed", "ArithmeticError")] * (MOST_ATTEMPTS - 1), ("notice.given_up", "ArithmeticError"),
    ]  # fmt: skip


def test_a_fault_with_one_letter_lets_the_next_go_at_once(database: Database) -> None:
    post = Post(database, ArithmeticError)
    for person in ("alice", "bob", "carol"):
        post.add(person)
    assert post.send() == 3
    assert len(post.sent) == 2


def test_a_letter_in_which_every_worker_dies_is_given_up_too(database: Database) -> None:
    post = Post(database, *[SystemExit] * MOST_ATTEMPTS)
    post.add("alice")
    for _ in range(MOST_ATTEMPTS):
        with pytest.raises(SystemExit):
            post.send()
        post.now += LEASE_SECONDS
    others = [post, Post(database), Post(database)]
    for other in others:
        other.now = post.now
    at_once([other.send for other in others])
    assert not any(other.sent for other in others)
    assert post.waiting() == 0
    told = [event.name for other in others for event in other.events if event.name != "notices.behind"]
    assert told == ["notice.given_up"]


def test_a_database_that_goes_away_in_an_attempt_is_no_fault_of_ours(database: Database) -> None:
    post = Post(database)
    post.add("alice")
    post.deliver_with(TemporarilyUnavailable("It is away.", clause="RFC6749-5.2"))
    assert post.send() == 1
    post.now += delay_after(1) or 0
    assert post.send() == 1
    assert [letter.account_id for letter in post.sent] == ["alice"]
    assert [event.name for event in post.events] == ["notice.failed"]


def test_looking_for_what_is_due_reads_no_letter_that_is_not(database: Database) -> None:
    waiting = [_row(number, due_at=NOW + 1_000 + number) for number in range(2_000)]
    given_up = [_row(number, due_at=NOW - number, expires_at=NOW + 86_400) for number in range(2_000, 4_000)]
    for rows in (*_in_parts(waiting), *_in_parts(given_up)):  # on a busy machine all at once outlasts the bound
        with database.transaction() as connection:
            connection.execute(insert(letters), rows)
    with database.transaction() as connection:
        connection.exec_driver_sql("ANALYZE letters")
        find_due: Any = store._FIND_DUE._core  # noqa: SLF001 - to have it explained
        found = find_due.limit(16).params(now=NOW)
        query = str(found.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        explain = "EXPLAIN QUERY PLAN" if database.dialect == "sqlite" else "EXPLAIN"
        plan = "\n".join(str(row) for row in connection.exec_driver_sql(f"{explain} {query}"))
    assert "letters_due" in plan
    assert not re.search(r"sort|temp b-tree|scan letters|filter", plan, re.IGNORECASE), plan


def _in_parts(rows: list[dict[str, object]], most: int = 250) -> list[list[dict[str, object]]]:
    return [rows[start : start + most] for start in range(0, len(rows), most)]


def _row(number: int, due_at: int, expires_at: int | None = None) -> dict[str, object]:
    letter = replace(store.new_letter(f"person-{number}", "passkey.added", "", "en", NOW), due_at=due_at)
    return {**asdict(letter), "expires_at": expires_at}


def test_no_purge_takes_what_waits(database: Database) -> None:
    post = Post(database)
    post.add("alice")
    assert purge(database, NOW + 10 * 365 * 86_400)["letters"] == 0
    assert post.waiting() == 1


@pytest.mark.parametrize("fault", [KeyboardInterrupt, SystemExit])
def test_a_worker_that_dies_in_the_middle_leaves_its_letter_to_the_next(
    database: Database, fault: type[BaseException]
) -> None:
    dying, living = Post(database, fault), Post(database)
    dying.add("alice")
    with pytest.raises(fault):
        dying.send()
    assert living.send() == 0
    living.now += LEASE_SECONDS
    assert living.send() == 1
    assert living.waiting() == 0


def test_letters_that_are_late_raise_an_alarm_but_not_one_each(database: Database) -> None:
    post = Post(database)
    for number in range(5):
        post.add(f"person-{number}")
    post.now += BEHIND_SECONDS
    post.send()
    assert [event.name for event in post.events] == ["notices.behind"]
    assert len(post.sent) == 5


def test_at_one_moment_many_changes_of_one_person_keep_to_the_bound(database: Database) -> None:
    post = Post(database)
    for _ in range(4):
        at_once([lambda: post.add("mallory")] * 6)
    assert post.waiting() <= MOST_WAITING + 7
    post.now += 3600
    post.send()
    assert sum(letter.times for letter in post.sent) == 24


class Slow(Post):
    """A queue whose mail server takes long for the first letter; for the second, another worker looks meanwhile."""

    def __init__(self, database: Database, other: Post) -> None:
        super().__init__(database)
        self.other = other

    def _deliver(self, letter: WaitingLetter) -> None:
        if self.sent:
            self.other.now = self.now
            self.other.send()
        else:
            self.now += LEASE_SECONDS + 1
        super()._deliver(letter)


def test_a_slow_mail_server_does_not_let_two_workers_send_one_letter(database: Database) -> None:
    other = Post(database)
    slow = Slow(database, other)
    for person in ("alice", "bob", "carol"):
        slow.add(person)
    slow.send()
    sent = [letter.account_id for letter in slow.sent + other.sent]
    assert sorted(sent) == ["alice", "bob", "carol"]


def test_a_letter_does_not_wait_for_a_clock_that_was_set_back(database: Database) -> None:
    post = Post(database)
    post.now = NOW + 86_400
    post.add("alice")
    post.now = NOW
    assert post.send() == 1
    assert [letter.account_id for letter in post.sent] == ["alice"]
    assert not post.waiting()
