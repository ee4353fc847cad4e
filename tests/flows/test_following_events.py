"""`authserver events follow`: lines of what is recorded, from a position that is kept over any stop."""

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from authserver.clock import system_clock
from authserver.events.model import Event
from tests.support.command_line import CommandLine
from tests.support.deployment import PASSWORD
from tests.support.source import ROOT

_DAY = 86_400


@pytest.fixture
def deployed(tmp_path: Path) -> CommandLine:
    """A prompt with a deployment and one person."""
    prompt = CommandLine(tmp_path / "deployment")
    prompt.init()
    prompt.done("user", "add", "alice", "--password-stdin", given=PASSWORD)
    return prompt


def _follow(prompt: CommandLine, *words: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in prompt.done("events", "follow", *words, "--once").splitlines()]


def test_each_event_is_printed_once_over_many_stops(deployed: CommandLine) -> None:
    first = _follow(deployed, "siem", "--start", "beginning")
    assert {"key.made", "account.created"} <= {line["event"] for line in first}
    assert _follow(deployed, "siem") == []
    deployed.done("user", "lock", "alice", "--reason", "case 4711")
    (locked,) = _follow(deployed, "siem")
    assert (locked["event"], locked["reason"], locked["actor_role"]) == ("account.locked", "case 4711", "operator")
    assert locked["position"] > max(line["position"] for line in first)


def test_a_reader_begins_now_where_nothing_is_said(deployed: CommandLine) -> None:
    assert _follow(deployed, "siem") == []
    deployed.done("user", "lock", "alice")
    assert [line["event"] for line in _follow(deployed, "siem")] == ["account.locked"]


def test_a_follower_that_is_killed_loses_nothing(deployed: CommandLine) -> None:
    words = [sys.executable, "-m", "authserver.cli.main", "events", "follow", "siem", "--start", "beginning"]
    with subprocess.Popen(words, cwd=ROOT, env=deployed.environment(), stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        first = json.loads(follower.stdout.readline())
        follower.send_signal(signal.SIGKILL)
        printed = [first, *map(json.loads, follower.stdout)]
    known = {line["event_id"] for line in printed}
    with subprocess.Popen(words, cwd=ROOT, env=deployed.environment(), stdout=subprocess.PIPE, text=True) as follower:
        deployed.done("user", "lock", "alice")
        assert follower.stdout is not None
        while (line := json.loads(follower.stdout.readline()))["event"] != "account.locked":
            known.add(line["event_id"])
        follower.send_signal(signal.SIGKILL)
    everything = _follow(deployed, "other", "--start", "beginning")
    assert known | {line["event_id"]} == {line["event_id"] for line in everything}


def test_readers_are_listed_with_what_they_have_not_read(deployed: CommandLine) -> None:
    assert deployed.data("events", "readers") == []
    _follow(deployed, "siem")
    deployed.done("user", "lock", "alice")
    (reader,) = deployed.data("events", "readers")
    assert (reader["reader"], reader["unread"], reader["failed_attempts"]) == ("siem", 1, 0)
    assert reader["oldest_unread"] >= reader["since"]
    assert "siem" in deployed.done("events", "readers")


def test_a_removed_reader_begins_anew(deployed: CommandLine) -> None:
    _follow(deployed, "siem")
    removed = deployed.data("events", "remove-reader", "siem", "--yes", "--reason", "another product")
    assert removed == {"reader": "siem", "state": "removed"}
    assert deployed.data("events", "readers") == []
    (record,) = [each for each in deployed.data("events", "list") if each["event"] == "events.reader_removed"]
    assert (record["detail"], record["reason"]) == ({"reader": "siem"}, "another product")
    assert deployed.refused("events", "remove-reader", "siem", "--yes") == (
        "there is no reader siem; see: authserver events readers"
    )


@pytest.mark.parametrize("name", ["", "Siem", "a b", "-x", "a" * 65, "a\n"])
def test_a_name_of_another_form_is_wrong_usage(deployed: CommandLine, name: str) -> None:
    assert deployed.run("events", "follow", "--once", "--", name).exit_code == 2


def test_a_purge_raises_an_alarm_for_a_reader_that_is_far_behind(
    deployed: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[Event] = []
    monkeypatch.setattr("authserver.cli.operators.tell_system_log", told.append)
    _follow(deployed, "siem")
    deployed.done("user", "lock", "alice")
    deployed.done("db", "purge")
    assert [event.name for event in told if event.kind.is_alarm] == []
    monkeypatch.setattr("authserver.cli.operators.system_clock", lambda: system_clock() + 8 * _DAY)
    monkeypatch.setattr("authserver.operations.lookups.database_clock", lambda _: system_clock() + 8 * _DAY)
    deployed.done("db", "purge")
    (alarm,) = [event for event in told if event.kind.is_alarm]
    assert (alarm.name, dict(alarm.detail)) == ("events.reader_behind", {"reader": "siem", "days": "8"})
