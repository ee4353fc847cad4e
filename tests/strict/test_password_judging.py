"""A new password is judged after the present one was shown, and never on a thread that others wait for."""

import json
import subprocess
import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.accounts.factors.password import strength_process as password_judge
from authserver.accounts.factors.password.policy import COMMON, GUESSABLE, PERSONAL, TOO_LONG, TOO_SHORT, WeakPassword
from authserver.accounts.factors.password.strength_process import PasswordJudge
from authserver.protocol.errors import TemporarilyUnavailable
from tests.flows.test_account import NEW_PASSWORD, visit
from tests.support.deployment import PASSWORD
from tests.support.person import Person

DEAREST = "s@" * 36
"""Found by search: its estimate takes a tenth of a second."""

ASKED = "authserver.accounts.factors.password.strength_process._ask"


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every password of which a judgement was asked."""
    passwords: list[str] = []
    run = subprocess.run

    def noted(command: tuple[str, ...], **options: Any) -> object:  # noqa: ANN401 - as the library's
        passwords.append(json.loads(options["input"])[0])
        assert not [part for part in command if passwords[-1] in part]
        assert options["env"] == {}
        return run(command, **options)

    monkeypatch.setattr("subprocess.run", noted)
    return passwords


@pytest.mark.spec("ASVS5-6.2.3")
def test_without_the_present_password_nothing_is_judged_and_the_try_counts(alice: Person, asked: list[str]) -> None:
    page = visit(alice, "/account/password")
    for _ in range(5):
        answer = alice.send(page, password="not-this-one", new_password=DEAREST)
        assert answer.status_code == 400
        assert "did not work" in answer.text
    blocked = alice.send(page, password=PASSWORD, new_password=DEAREST)
    assert "did not work" in blocked.text
    assert asked == []


def test_with_it_the_new_one_is_judged_once(alice: Person, asked: list[str]) -> None:
    page = visit(alice, "/account/password")
    weak = alice.send(page, password=PASSWORD, new_password="alice-example")
    assert weak.status_code == 400
    assert PERSONAL in weak.text
    assert alice.send(page, password=PASSWORD, new_password=NEW_PASSWORD).status_code == 303
    assert asked == ["alice-example", NEW_PASSWORD]


@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("password123", COMMON),
        ("harbour-bank", PERSONAL),
        ("abcdefgh1", GUESSABLE),
        ("short", TOO_SHORT),
        ("x" * 257, TOO_LONG),
        ("tall-grey-herons-wade", None),
        ("Zoë wäscht 7 Äpfel ab", None),
        ("a long passphrase of many quite ordinary words, " * 5, None),
    ],
)
def test_the_judge_says_what_the_policy_says(password: str, problem: str | None) -> None:
    judge, words = PasswordJudge(), ("harbour", "bank", "Harbour Bank")
    if problem is None:
        judge.check(password, words)
        return
    with pytest.raises(WeakPassword) as refused:
        judge.check(password, words)
    assert refused.value.problem == problem


@given(password=st.text(max_size=4), words=st.lists(st.text(max_size=4), max_size=2))
def test_what_has_no_fit_form_starts_no_process(password: str, words: list[str]) -> None:
    with pytest.raises(WeakPassword):
        PasswordJudge().check(password, words)


def test_the_dearest_password_costs_this_process_next_to_nothing() -> None:
    judge, before = PasswordJudge(), time.process_time()
    for _ in range(5):
        with pytest.raises(WeakPassword):
            judge.check(DEAREST, ("alice",))
    assert time.process_time() - before < 0.2


@pytest.mark.parametrize(
    "command", [("/bin/false",), ("/nowhere/at/all",), ("/bin/echo", "no JSON"), ("/bin/echo", '"other"')]
)
def test_a_judge_that_gives_no_answer_refuses(monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]) -> None:
    monkeypatch.setattr(password_judge, "_COMMAND", command)
    with pytest.raises(TemporarilyUnavailable):
        PasswordJudge().check(NEW_PASSWORD, ())


def test_a_judge_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_judge, "_COMMAND", ("/bin/sleep", "60"))
    monkeypatch.setattr(password_judge, "_DEADLINE_SECONDS", 0.2)
    started = time.monotonic()
    with pytest.raises(TemporarilyUnavailable):
        PasswordJudge().check(NEW_PASSWORD, ())
    assert time.monotonic() - started < 5


def test_beyond_the_few_that_may_wait_everyone_is_sent_away(monkeypatch: pytest.MonkeyPatch) -> None:
    gate, inside = threading.Event(), threading.Event()

    def wait(_password: str, _words: object) -> str:
        inside.set()
        gate.wait(10)
        return ""

    monkeypatch.setattr(ASKED, wait)
    judge = PasswordJudge(max_waiting=0)
    first = threading.Thread(target=judge.check, args=(NEW_PASSWORD, ()))
    first.start()
    assert inside.wait(5)
    with pytest.raises(TemporarilyUnavailable):
        judge.check(NEW_PASSWORD, ())
    gate.set()
    first.join()
    judge.check(NEW_PASSWORD, ())
