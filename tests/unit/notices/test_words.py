"""A letter says what happened and what to do, in its person's language; its headers hold nothing a person chose."""

import re
from email import message_from_bytes
from email.message import EmailMessage
from email.message import Message as Letter
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.events.catalogue import PASSKEY_ADDED, PASSKEY_CLOSED
from authserver.messages import LANGUAGES
from authserver.notices import model, words
from authserver.notices.model import Notice, Sender, notice_for
from authserver.notices.words import write_letter
from authserver.values import replace
from tests.support.page_text import PseudoTranslations

SENDER = Sender("Harbour Bank", "no-reply@harbour.example", "https://as.example/account", "https://help.example/")
NAMES = sorted({value for name, value in vars(model).items() if name.isupper() and "." in str(value)})
DAYS = {"en": "15 January 2027, 08:00 UTC", "de": "15. Januar 2027, 08:00 UTC", "fr": "15 janvier 2027, 08:00 UTC"}
NOW = 1_800_000_000


def read(letter: Letter) -> EmailMessage:
    """Return a letter as whoever gets it reads it."""
    return message_from_bytes(bytes(letter), EmailMessage, policy=default)


def test_a_letter_tells_what_happened_when_and_what_to_do() -> None:
    letter = read(write_letter(Notice(PASSKEY_ADDED.name, "alice", "alice@example.com", NOW, "My phone"), SENDER))
    text = letter.get_content()
    assert letter["Subject"] == "Harbour Bank: A passkey was added to your account"
    assert letter["To"] == "alice@example.com"
    assert "Name: My phone" in text
    assert "15 January 2027, 08:00 UTC" in text
    assert "https://help.example/" in text
    assert "https://as.example/account" in text


@given(username=st.text(max_size=80), detail=st.text(max_size=80), address=st.text(max_size=80))
def test_no_name_and_no_address_makes_a_header_of_its_own(username: str, detail: str, address: str) -> None:
    letter = write_letter(Notice(PASSKEY_ADDED.name, username, address, NOW, detail), SENDER)
    assert set(letter.keys()) <= {
        "Subject", "From", "To", "Date", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
        "Content-Language", "Auto-Submitted",
    }  # fmt: skip
    assert bytes(letter)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", [*NAMES, "something.else"])
def test_every_letter_is_whole_in_every_language(name: str, language: str) -> None:
    letter = read(write_letter(Notice(name, "alice", "alice@example.com", NOW, "Zoë at work", language), SENDER))
    text = letter.get_content()
    assert letter["Content-Language"] == language
    assert letter["Subject"].strip().removeprefix("Harbour Bank: ") + "." in text
    assert DAYS[language] in text
    assert "Zoë at work" in text
    assert "%(" not in text
    english = read(write_letter(Notice(name, "alice", "", NOW, "Zoë at work"), SENDER)).get_content()
    assert (text == english) == (language == "en")


@pytest.mark.parametrize("help_url", ["", "https://help.example/"])
@pytest.mark.parametrize("name", [*NAMES, "something.else"])
def test_no_letter_says_anything_but_what_is_in_the_catalogues(
    name: str, help_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "read_texts", lambda _language: PseudoTranslations())
    notice = Notice(name, "alice", "", NOW, "My phone", "de")
    letter = read(write_letter(notice, replace(SENDER, help_url=help_url)))
    said = letter["Subject"] + letter.get_content()
    assert "ý" in said
    known = (help_url, SENDER.account_url, SENDER.site_name, "alice", "My phone", DAYS["de"])
    for value in filter(None, known):
        said = said.replace(value, "")
    assert re.findall("[A-Za-z]+", said) == []


def test_who_is_told_of_a_blocked_passkey_is_not_told_that_there_is_nothing_to_do() -> None:
    text = read(write_letter(Notice(PASSKEY_CLOSED.name, "alice", "", NOW, "My key"), SENDER)).get_content()
    assert "nothing to do" not in text
    assert "Remove it and add a new one" in text


@pytest.mark.parametrize(("locale", "language"), [("de-AT", "de"), ("fr", "fr"), ("se", "en"), (7, "en"), (None, "en")])
def test_a_persons_own_language_is_that_of_their_claims(locale: object, language: str) -> None:
    assert notice_for(PASSKEY_ADDED.name, "bob", {"locale": locale}, NOW).language == language


def test_a_person_without_an_email_address_has_an_empty_one() -> None:
    assert notice_for(PASSKEY_ADDED.name, "bob", {"email": 7}, NOW).address == ""
