"""Notices are taken at once, sent in the background, and never lost without a word."""

import smtplib
import stat
import threading
from email.message import Message as Letter
from pathlib import Path

from authserver.events import Event
from authserver.notices.channels import MailServer, into_folder
from authserver.notices.model import GENERATOR_ADDED, Notice, Sender
from authserver.notices.outbox import MOST_WAITING, Outbox

SENDER = Sender("Harbour Bank", "no-reply@harbour.example", "https://as.example/account")
NOTICE = Notice(GENERATOR_ADDED, "alice", "alice@example.com", 1_800_000_000)


def test_a_letter_lies_in_the_folder_for_its_owner_alone(tmp_path: Path) -> None:
    events: list[Event] = []
    outbox = Outbox(into_folder(tmp_path / "outbox"), SENDER, events.append, lambda: 0)
    outbox.tell(NOTICE)
    outbox.wait()
    (letter,) = (tmp_path / "outbox").iterdir()
    assert stat.S_IMODE(letter.stat().st_mode) == 0o600
    assert b"authenticator app was added" in letter.read_bytes()
    assert events == []


def test_a_channel_that_fails_is_told_of_and_the_next_letter_goes_out() -> None:
    events: list[Event] = []
    sent: list[Letter] = []

    def send(letter: Letter) -> None:
        sent.append(letter)
        if len(sent) == 1:
            raise smtplib.SMTPServerDisconnected("gone")

    outbox = Outbox(send, SENDER, events.append, lambda: 7)
    outbox.tell(NOTICE)
    outbox.tell(NOTICE)
    outbox.wait()
    assert len(sent) == 2
    assert [(event.name, event.detail["error"]) for event in events] == [("notice.failed", "SMTPServerDisconnected")]


def test_a_full_outbox_drops_and_says_so_and_nobody_waits() -> None:
    events: list[Event] = []
    gate = threading.Event()

    def wait(_letter: Letter) -> None:
        gate.wait()

    outbox = Outbox(wait, SENDER, events.append, lambda: 0)
    for _ in range(MOST_WAITING + 2):
        outbox.tell(NOTICE)
    assert {event.name for event in events} == {"notice.dropped"}
    gate.set()
    outbox.wait()


def test_a_mail_servers_password_is_not_shown() -> None:
    assert "hunter2" not in repr(MailServer("mail.example", 587, user="us", password="hunter2"))
