"""Answers kept for a few seconds: how long, how many, for whom, and one question for many who ask."""

import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import orjson
import pytest

from authserver.protocol.details.registry import TYPES
from authserver.protocol.errors import InvalidToken, TemporarilyUnavailable
from authserver.protocol.handles import hash_handle
from authserver.resource import kept_answers
from authserver.resource.introspection_response import Ended, IntrospectionResponse, read_max_age, unanswered
from authserver.resource.kept_answers import MOVE_NO_MONEY, KeptAnswers
from tests.support.races import THREADS, at_once
from tests.unit.resource.test_checks import CLAIMS, NOW

TOLD: dict[str, Any] = {"active": True, **CLAIMS, "exp": NOW + 300}


@dataclass
class Issuer:
    """Answers as told, and counts the questions."""

    keep_seconds: int = 10
    told: dict[str, Any] = field(default_factory=lambda: {**TOLD})
    before: Callable[[], object] = lambda: None
    asked: list[str] = field(default_factory=list)

    def ask(self, token: str) -> IntrospectionResponse:
        self.asked.append(token)
        self.before()
        return IntrospectionResponse(deepcopy(self.told), self.keep_seconds)


@dataclass
class Time:
    """A clock that stands until it is moved."""

    now: int = NOW

    def __call__(self) -> int:
        return self.now


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("private, max-age=5", 5),
        ("max-age=5", 5),
        ("Private,MAX-AGE=5", 5),
        ("no-store", 0),
        ("max-age=5, no-store", 0),
        ("max-age=5, no-cache", 0),
        ("max-age=5, max-age=50", 0),
        ("max-age=-5", 0),
        ("max-age=5.5", 0),
        ("max-age=\u0665", 0),
        ('max-age="5"', 0),
        ("s-maxage=5", 0),
        ("max-age=" + "9" * 5000, 0),
        ("max-age", 0),
        ("", 0),
    ],
)
@pytest.mark.spec("RFC9111-5.2.2", "RFC7662-4-3")
def test_an_answer_is_kept_only_where_that_is_said_plainly(header: str, seconds: int) -> None:
    assert read_max_age(header) == seconds


@pytest.mark.parametrize(
    ("issuers", "own", "until_exp", "kept_for"),
    [(10, 10, 300, 10), (10, 3, 300, 3), (3, 10, 300, 3), (10, 10, 2, 2), (0, 10, 300, 0), (10, 0, 300, 0)],
)
@pytest.mark.spec("RFC7662-4-3")
def test_the_shortest_of_three_times_counts(issuers: int, own: int, until_exp: int, kept_for: int) -> None:
    issuer, time = Issuer(issuers), Time()
    issuer.told["exp"] = NOW + until_exp
    answers = KeptAnswers(issuer, time, seconds=own)
    for later in range(kept_for):
        time.now = NOW + later
        assert answers.find_claims("token") == issuer.told
    assert len(issuer.asked) == min(1, kept_for)
    time.now = NOW + kept_for
    answers.find_claims("token")
    assert len(issuer.asked) == min(1, kept_for) + 1


@pytest.mark.spec("RFC7662-4-3")
def test_a_slow_answer_counts_from_the_question_and_a_clock_set_back_ends_it() -> None:
    time = Time()
    issuer = Issuer(before=lambda: setattr(time, "now", time.now + 9))
    answers = KeptAnswers(issuer, time)
    answers.find_claims("token")
    issuer.before = lambda: None
    time.now = NOW + 10
    answers.find_claims("token")
    time.now = NOW - 1
    answers.find_claims("token")
    assert len(issuer.asked) == 3


@pytest.mark.parametrize(
    "told", [{"active": False}, {"active": "true", **CLAIMS}, {}, {"active": True}, {"active": True, "exp": "soon"}]
)
@pytest.mark.spec("RFC7662-2.2-1", "RFC7662-4-3")
def test_what_is_not_active_or_never_ends_is_not_kept(told: dict[str, Any]) -> None:
    issuer = Issuer(told=told)
    answers = KeptAnswers(issuer, Time())
    for _ in range(2):
        if told.get("active") is True:
            answers.find_claims("token")
        else:
            with pytest.raises(InvalidToken):
                answers.find_claims("token")
    assert len(issuer.asked) == 2


@pytest.mark.parametrize(
    ("details", "asked"),
    [
        (None, 1),
        ([], 1),
        ([{"type": "account_information"}, {"type": "funds_confirmation"}], 1),
        ([{"type": "variable_recurring_payment"}], 2),
        ([{"type": "account_information"}, {"type": "payment_initiation"}], 2),
        ([{"type": "a type of the bank's own"}], 2),
        ([{"type": ["account_information"]}], 2),
        ([{}], 2),
        (["account_information"], 2),
        ({"type": "account_information"}, 2),
    ],
)
@pytest.mark.spec("RFC7662-4-3", "RTS-SCA-5.1")
def test_what_may_be_for_a_payment_is_not_kept_whatever_the_issuer_says(details: object, asked: int) -> None:
    issuer = Issuer(told={**TOLD, "authorization_details": details})
    answers = KeptAnswers(issuer, Time(), recheck=lambda _: Ended(frozenset(), 10))
    for _ in range(2):
        assert answers.find_claims("token") == issuer.told
    assert len(issuer.asked) == asked


def test_the_types_that_may_be_kept_are_those_that_move_no_money() -> None:
    assert {name for name, known in TYPES.items() if not known.is_payment} == MOVE_NO_MONEY


@pytest.mark.spec("RFC7662-2.3-1")
def test_an_answer_that_cannot_be_written_again_holds_up_nobody() -> None:
    issuer = Issuer()
    issuer.told["private"] = orjson.loads("[" * 260 + "]" * 260)
    answers = KeptAnswers(issuer, Time())
    found = at_once([lambda: answers.find_claims("token")] * THREADS)
    assert found == [issuer.told] * THREADS
    assert not vars(answers)["_under_way"]


def test_whatever_goes_wrong_in_keeping_lets_those_go_on_who_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    everyone_came = threading.Event()
    answers = KeptAnswers(Issuer(before=lambda: everyone_came.wait(1)), Time())
    monkeypatch.setattr(answers, "_keep", fail)
    numbers = count(1)

    def find() -> str:
        if next(numbers) == THREADS:
            everyone_came.set()
        with pytest.raises((MemoryError, TemporarilyUnavailable)):
            answers.find_claims("token")
        return "went on"

    assert at_once([find] * THREADS) == ["went on"] * THREADS
    assert not vars(answers)["_under_way"]


@pytest.mark.parametrize("is_kept", [False, True])
@pytest.mark.spec("RFC7662-2.3-1")
def test_nobody_waits_for_ever_for_another_s_question(monkeypatch: pytest.MonkeyPatch, is_kept: bool) -> None:  # noqa: FBT001 - a column of the table
    monkeypatch.setattr(kept_answers, "_PATIENCE_SECONDS", 0.05)
    hangs, go_on, time = threading.Event(), threading.Event(), Time()

    def hang() -> None:
        hangs.set()
        go_on.wait(10)

    def recheck(_: Mapping[bytes, bytes]) -> Ended:
        hang()
        return Ended(frozenset(), 10)

    issuer = Issuer()
    answers = KeptAnswers(issuer, time, recheck=recheck)
    if is_kept:
        answers.find_claims("token")
        time.now += 10
    else:
        issuer.before = hang
    first = threading.Thread(target=answers.find_claims, args=("token",))
    first.start()
    assert hangs.wait(5)
    with pytest.raises(TemporarilyUnavailable):
        answers.find_claims("token")
    go_on.set()
    first.join()
    assert answers.find_claims("token") == TOLD


def test_a_huge_answer_is_not_kept() -> None:
    issuer = Issuer()
    issuer.told["private"] = "x" * 10_000
    answers = KeptAnswers(issuer, Time())
    assert answers.find_claims("token") == answers.find_claims("token")
    assert len(issuer.asked) == 2


def test_the_one_unused_for_longest_goes_first_and_tokens_are_kept_nowhere() -> None:
    issuer = Issuer()
    answers = KeptAnswers(issuer, Time(), capacity=2)
    for token in ("secret-1", "secret-2", "secret-1", "secret-3", "secret-1", "secret-2"):
        answers.find_claims(token)
    assert issuer.asked == ["secret-1", "secret-2", "secret-3", "secret-2"]
    assert "secret" not in repr(vars(answers)).replace(repr(issuer), "")


def test_what_a_request_does_to_its_claims_no_other_sees() -> None:
    answers = KeptAnswers(Issuer(), Time())
    for _ in range(3):
        claims: Any = answers.find_claims("token")
        assert claims == TOLD
        claims["scope"] = "everything"
        claims["cnf"].clear()


@pytest.mark.spec("RFC7662-4-3")
def test_of_many_questions_about_one_token_one_is_asked() -> None:
    everyone_came = threading.Event()
    issuer = Issuer(before=lambda: everyone_came.wait(1))
    answers = KeptAnswers(issuer, Time())
    numbers = count(1)

    def find() -> object:
        if next(numbers) == THREADS:
            everyone_came.set()
        return answers.find_claims("token")

    assert at_once([find] * THREADS) == [TOLD] * THREADS
    assert issuer.asked == ["token"]
    assert not vars(answers)["_under_way"]


@pytest.mark.spec("RFC7662-4-2")
def test_what_may_not_be_kept_is_asked_by_everyone() -> None:
    issuer = Issuer(keep_seconds=0)
    answers = KeptAnswers(issuer, Time())
    assert len(at_once([lambda: answers.find_claims("token")] * THREADS)) == THREADS
    assert len(issuer.asked) == THREADS


@pytest.mark.spec("RFC7662-2.3-1")
def test_a_question_that_fails_fails_for_all_who_waited_and_is_asked_again_after() -> None:
    def fail() -> None:
        raise unanswered("nobody there")

    issuer = Issuer(before=fail)
    answers = KeptAnswers(issuer, Time())

    def find() -> str:
        with pytest.raises(TemporarilyUnavailable):
            answers.find_claims("token")
        return "refused"

    assert at_once([find] * THREADS) == ["refused"] * THREADS
    issuer.before = lambda: None
    assert answers.find_claims("token")["active"] is True
    assert not vars(answers)["_under_way"]


@pytest.mark.spec("RFC7662-4-3")
def test_answers_whose_time_is_over_are_rechecked_once_for_all_who_come() -> None:
    issuer, time = Issuer(), Time()
    rechecked: list[int] = []

    def recheck(held: Mapping[bytes, bytes]) -> Ended:
        rechecked.append(len(held))
        return Ended(frozenset({hash_handle("gone")}), 10)

    answers = KeptAnswers(issuer, time, recheck=recheck)
    for token in ("gone", "good", "good too"):
        answers.find_claims(token)
    time.now += 10
    assert at_once([lambda: answers.find_claims("good")] * THREADS) == [TOLD] * THREADS
    assert answers.find_claims("good too") == TOLD
    assert (rechecked, len(issuer.asked)) == ([3], 3)
    answers.find_claims("gone")
    assert issuer.asked[3:] == ["gone"]


def test_a_thousand_of_those_used_last_are_rechecked_together() -> None:
    issuer, time = Issuer(), Time()
    rechecked: list[Mapping[bytes, bytes]] = []

    def recheck(held: Mapping[bytes, bytes]) -> Ended:
        rechecked.append(held)
        return Ended(frozenset(), 10)

    answers = KeptAnswers(issuer, time, recheck=recheck)
    for number in range(1100):
        answers.find_claims(str(number))
    time.now += 10
    answers.find_claims("7")
    assert [len(hashes) for hashes in rechecked] == [1000]
    assert hash_handle("7") in rechecked[0]
    assert hash_handle("8") not in rechecked[0]


@pytest.mark.parametrize("fails", [TemporarilyUnavailable, ZeroDivisionError])
def test_a_recheck_that_fails_is_not_made_again_by_each_who_waited(fails: type[Exception]) -> None:
    """With an issuer that is slow to fail, each would wait for all before it."""
    issuer, time = Issuer(), Time()
    rechecked: list[int] = []
    everyone_came = threading.Event()

    def recheck(held: Mapping[bytes, bytes]) -> Ended:
        rechecked.append(len(held))
        everyone_came.wait(1)
        raise unanswered("slow") if fails is TemporarilyUnavailable else fails

    answers = KeptAnswers(issuer, time, recheck=recheck)
    answers.find_claims("token")
    time.now += 10
    numbers = count(1)

    def find() -> str:
        if next(numbers) == THREADS:
            everyone_came.set()
        try:
            return str(answers.find_claims("token")["active"])
        except ZeroDivisionError:
            return "True"

    assert at_once([find] * THREADS) == ["True"] * THREADS
    assert rechecked == [1]


def test_those_that_still_count_leave_room_for_a_thousand_that_no_longer_do() -> None:
    issuer, time = Issuer(), Time()
    rechecked: list[Mapping[bytes, bytes]] = []

    def recheck(held: Mapping[bytes, bytes]) -> Ended:
        rechecked.append(held)
        return Ended(frozenset(), 10)

    answers = KeptAnswers(issuer, time, recheck=recheck)
    for name in ("old", "older"):
        answers.find_claims(name)
    time.now += 5
    for number in range(1100):
        answers.find_claims(str(number))
    time.now += 5
    answers.find_claims("old")
    assert [set(held) for held in rechecked] == [{hash_handle("old"), hash_handle("older")}]


@pytest.mark.parametrize(("told", "kept_for"), [(3, 3), (10, 10), (60, 10), (0, 0)])
@pytest.mark.spec("RFC7662-4-3")
def test_a_rechecked_answer_counts_as_long_as_the_issuer_now_says(told: int, kept_for: int) -> None:
    """The operator may have taken back what was allowed when the answer was first kept."""
    issuer, time = Issuer(), Time()
    rechecks: list[int] = []

    def recheck(_: Mapping[bytes, bytes]) -> Ended:
        rechecks.append(time.now)
        return Ended(frozenset(), told)

    answers = KeptAnswers(issuer, time, seconds=10, recheck=recheck)
    answers.find_claims("token")
    time.now += 10
    answers.find_claims("token")
    assert len(issuer.asked) == (1 if kept_for else 2)
    if kept_for:
        time.now += kept_for - 1
        answers.find_claims("token")
        assert len(rechecks) == 1
        time.now += 1
        answers.find_claims("token")
        assert len(rechecks) == 2


@pytest.mark.spec("RFC7662-4-3")
def test_no_recheck_lets_an_answer_outlive_its_token() -> None:
    issuer, time = Issuer(), Time()
    answers = KeptAnswers(issuer, time, recheck=lambda _: Ended(frozenset(), 300), seconds=300)
    answers.find_claims("token")
    for moment in (290, 299):
        time.now = NOW + moment
        answers.find_claims("token")
    assert len(issuer.asked) == 1
    time.now = NOW + 300
    answers.find_claims("token")
    assert len(issuer.asked) == 2
