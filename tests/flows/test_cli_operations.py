"""What every command that changes something has in common: a reason, JSON, a question before what cannot be undone."""

import json
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.deployment import PASSWORD

_API = {
    "client_id": "-an-api-whose-id-begins-with-a-hyphen",
    "grant_types": [],
    "response_types": [],
    "resource": ["https://bank.example/"],
    "resource_scopes": "accounts",
    "token_endpoint_auth_method": "tls_client_auth",
    "tls_client_auth_subject_dn": "CN=bank",
}
_ID = str(_API["client_id"])


@pytest.fixture
def deployed(tmp_path: Path) -> CommandLine:
    """A prompt with a deployment, one person and one client."""
    prompt = CommandLine(tmp_path / "deployment")
    prompt.init("--reason", "a new branch of the bank")
    prompt.done("user", "add", "alice", "--password-stdin", given=PASSWORD)
    prompt.done("client", "add", "-", given=json.dumps(_API))
    return prompt


@pytest.mark.parametrize(
    "reason",
    ["a" * 201, "two\nlines", "a\rb", "a\x00b", "\x1b[31mred", "left\u202eright", "one\u2028two", "zero\u200bwidth"],
)
def test_a_reason_that_is_not_one_visible_line_is_wrong_usage(deployed: CommandLine, reason: str) -> None:
    result = deployed.run("user", "lock", "alice", "--reason", reason)
    assert result.exit_code == 2
    assert "a reason " in result.stderr
    assert deployed.data("user", "show", "alice")["state"] == "open"


def test_what_was_done_is_told_as_json_too(deployed: CommandLine) -> None:
    why = ("--reason", "case 4711: the phone was stolen")
    assert deployed.data("user", "lock", "alice", *why) == {"username": "alice", "state": "locked"}
    assert deployed.data("user", "unlock", "alice", *why) == {"username": "alice", "state": "open"}
    assert deployed.data("user", "revoke", "alice", *why) == {"username": "alice", "ended_grants": 0}
    assert deployed.data("user", "reset-mfa", "alice", *why) == {"username": "alice", "had_second_factor": False}
    deleted = {"username": "alice", "state": "deleted", "kept_proofs": 0}
    assert deployed.data("user", "delete", "alice", "--yes", *why) == deleted
    kid = deployed.data("keys", "list")[0]["kid"]
    assert deployed.data("keys", "retire", kid, *why) == {"kid": kid, "state": "retired", "compromised": False}


def test_an_id_with_a_hyphen_and_a_reason_are_told_apart(deployed: CommandLine) -> None:
    for words in (
        (_ID, "--reason", "an incident at the bank"),
        ("--reason", "an incident at the bank", _ID),
        ("--reason=an incident at the bank", "--", _ID),
    ):
        assert deployed.data("client", "disable", *words) == {"client_id": _ID, "state": "disabled"}
    assert deployed.data("client", "enable", _ID, "--reason", "--over-and-done-with-now--")["state"] == "enabled"


def test_what_was_done_is_listed_with_who_did_it_and_why(deployed: CommandLine) -> None:
    deployed.done("user", "lock", "alice", "--reason", "case 4711: the phone was stolen")
    listed = deployed.data("events", "list")
    locked = next(each for each in listed if each["event"] == "account.locked")
    assert locked["by"].startswith("operator ")
    assert locked["reason"] == "case 4711: the phone was stolen"
    assert locked["account_id"] == deployed.data("user", "show", "alice")["account_id"]
    assert {"account.created", "client.registered", "key.made"} <= {each["event"] for each in listed}
    assert {each["reason"] for each in listed if each["event"] == "key.made"} == {"a new branch of the bank"}
    assert all(each["detail"]["kid"] for each in listed if each["event"] == "key.made")
    assert len(deployed.data("events", "list", "--limit", "1")) == 1


def test_what_cannot_be_undone_is_asked_for(deployed: CommandLine) -> None:
    for words in (("user", "delete", "alice"), ("client", "delete", "--", _ID)):
        result = deployed.run(*words, given="n\n")
        assert (result.exit_code, "[y/N]" in result.output) == (1, True)
    assert deployed.data("client", "delete", _ID, "--yes") == {"client_id": _ID, "state": "deleted"}
    assert deployed.data("user", "show", "alice")["username"] == "alice"
