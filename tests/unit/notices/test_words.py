"""A letter says what happened and what to do, and its headers hold nothing that a person chose."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.notices.model import PASSKEY_ADDED, Notice, Sender, notice_for
from authserver.notices.words import is_address, write_letter

SENDER = Sender("Harbour Bank", "no-reply@harbour.example", "https://help.example/", "https://as.example/account")
NOW = 1_800_000_000


def test_a_letter_tells_what_happened_when_and_what_to_do() -> None:
    letter = write_letter(Notice(PASSKEY_ADDED, "alice", "alice@example.com", NOW, "My phone"), SENDER)
    text = letter.get_content()
    assert letter["Subject"] == "Harbour Bank: A passkey was added to your account"
    assert letter["To"] == "alice@example.com"
    assert "“My phone”" in text
    assert "15 January 2027 at 08:00 UTC" in text
    assert "https://as.example/account" in text


@given(username=st.text(max_size=80), detail=st.text(max_size=80), address=st.text(max_size=80))
def test_no_name_and_no_address_makes_a_header_of_its_own(username: str, detail: str, address: str) -> None:
    letter = write_letter(Notice(PASSKEY_ADDED, username, address, NOW, detail), SENDER)
    assert set(letter.keys()) <= {
        "Subject", "From", "To", "Date", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert bytes(letter)


@pytest.mark.parametrize(
    "text", ["", "alice", "a@b\nBcc: c@d", "a@b, c@d", "<a@b>", "a b@c", "ä@example.com", "@b", "a@"]
)
def test_what_is_no_plain_address_gets_no_letter(text: str) -> None:
    assert not is_address(text)


def test_a_person_without_an_email_address_has_an_empty_one() -> None:
    assert notice_for(PASSKEY_ADDED, "bob", {"email": 7}, NOW).address == ""
