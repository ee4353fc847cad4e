"""`authserver user invite`, `update`, `delete`, `activity`: an option has its effect, or is refused."""

import json
import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.command_line import CommandLine

PASSWORD = "a-long-enough-and-unusual-phrase\n"


@pytest.fixture
def deployed(tmp_path: Path) -> CommandLine:
    prompt = CommandLine(tmp_path / "deployment")
    prompt.init("--issuer", "https://login.example.com")
    prompt.done("user", "add", "alice", "--password-stdin", "--email", "old@example.com", given=PASSWORD)
    return prompt


def _claims(folder: Path, **claims: object) -> str:
    path = folder / "claims.json"
    path.write_text(json.dumps(claims), encoding="utf-8")
    return str(path)


def _letters(prompt: CommandLine) -> list[EmailMessage]:
    paths = sorted((prompt.folder / "outbox").glob("*.eml"))
    return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]


def test_a_changed_address_is_told_of_at_the_old_one(deployed: CommandLine) -> None:
    shown = deployed.data("user", "update", "alice", "--email", "new@example.com")
    assert shown["claims"] == {"email": "new@example.com"}
    (letter,) = _letters(deployed)
    assert letter["To"] == "old@example.com"
    assert "The email address of your account was changed" in letter["Subject"]
    assert "new@example.com" not in letter.get_content()
    assert {row["what"] for row in deployed.data("user", "activity", "alice")} == {"account_created", "email_changed"}


def test_a_new_address_is_not_verified_because_the_old_one_was(deployed: CommandLine, tmp_path: Path) -> None:
    verified = _claims(tmp_path, email="old@example.com", email_verified=True, name="Alice")
    deployed.done("user", "update", "alice", "--claims", verified)
    shown = deployed.data("user", "update", "alice", "--email", "new@example.com")
    assert shown["claims"] == {"email": "new@example.com", "name": "Alice"}


def test_claims_are_replaced_as_a_whole_and_unfit_ones_refused(deployed: CommandLine, tmp_path: Path) -> None:
    deployed.done("user", "update", "alice", "--claims", _claims(tmp_path, name="Alice"))
    assert deployed.data("user", "show", "alice")["claims"] == {"name": "Alice"}
    line = deployed.refused("user", "update", "alice", "--claims", _claims(tmp_path, sub="someone"))
    assert line == "--claims: sub: only the server states this claim"
    assert deployed.data("user", "show", "alice")["claims"] == {"name": "Alice"}


def test_an_update_that_changes_nothing_is_no_update(deployed: CommandLine) -> None:
    assert deployed.run("user", "update", "alice").exit_code == 2


def test_claims_for_who_is_there_already_are_refused_and_not_dropped(deployed: CommandLine, tmp_path: Path) -> None:
    for option in (["--claims", _claims(tmp_path, name="Alice")], ["--email", "new@example.com"]):
        line = deployed.refused("user", "invite", "alice", *option)
        assert line.endswith("are for a new account; see: authserver user update")
    assert deployed.data("user", "invite", "alice")["link"].startswith("https://login.example.com/invitation?")


def test_an_invitation_is_sent_and_not_shown(deployed: CommandLine) -> None:
    shown = deployed.data("user", "invite", "bob", "--email", "bob@example.com", "--send")
    assert set(shown) == {"username", "sent_to", "until"}
    (letter,) = _letters(deployed)
    assert letter["To"] == "bob@example.com"
    found = re.search(r"https://\S+", letter.get_content())
    assert found is not None
    assert urlsplit(found[0]).path == "/invitation"


@pytest.mark.parametrize(
    ("words", "notices", "reason"),
    [
        (["carol"], "file", "carol has no email address"),
        (["carol", "--email", "carol@example.com"], "none", "NOTICES is none: nothing can be sent"),
    ],
)
def test_an_invitation_that_cannot_be_sent_is_none(
    deployed: CommandLine, words: list[str], notices: str, reason: str
) -> None:
    assert deployed.refused("user", "invite", *words, "--send", NOTICES=notices).startswith(reason)
    assert "there is no account" in deployed.refused("user", "show", "carol")


def test_an_invitation_that_no_mail_server_took_opens_nothing(deployed: CommandLine) -> None:
    mail = {"NOTICES": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": "9"}
    line = deployed.refused("user", "invite", "carol", "--email", "carol@example.com", "--send", **mail)
    assert line == "the invitation of carol could not be sent and was withdrawn; see NOTICES"
    assert deployed.data("user", "invite", "carol")["link"]


def test_a_deleted_person_is_gone_and_the_name_is_free(deployed: CommandLine) -> None:
    assert deployed.run("user", "delete", "alice", given="n\n").exit_code == 1
    assert deployed.data("user", "show", "alice")["username"] == "alice"
    assert deployed.done("user", "delete", "alice", "--yes").startswith("alice is deleted")
    assert "there is no account" in deployed.refused("user", "show", "alice")
    deployed.done("user", "add", "alice", "--password-stdin", given=PASSWORD)
    assert [row["what"] for row in deployed.data("user", "activity", "alice")] == ["account_created"]
