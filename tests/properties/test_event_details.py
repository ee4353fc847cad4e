"""No detail of an event, and no operator's reason, holds the number of a card or a token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.events.catalogue import ACCOUNT_LOCKED, CLIENT_AUTHENTICATION_FAILED
from authserver.events.model import Event
from authserver.events.redaction import WITHHELD, without_secrets
from authserver.events.store import event_row

NEITHER_DIGIT_NOR_GAP = st.text(st.characters(exclude_characters="0123456789 -", codec="utf-8"))


def _with_check_digit(digits: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 if place % 2 else 2)
        total += value - 9 if value > 9 else value
    return digits + str(-total % 10)


card_numbers = st.text("0123456789", min_size=12, max_size=18).map(_with_check_digit)


@given(card_numbers, NEITHER_DIGIT_NOR_GAP, NEITHER_DIGIT_NOR_GAP, st.sampled_from(["", " ", "-"]))
def test_a_card_number_is_taken_out_however_it_is_written(number: str, before: str, after: str, gap: str) -> None:
    written = gap.join(number[start : start + 4] for start in range(0, len(number), 4))
    assert without_secrets(f"{before}{written}{after}") == f"{before}{WITHHELD}{after}"


@given(st.text(st.characters(exclude_characters="0123456789", codec="utf-8")))
def test_a_text_without_numbers_and_tokens_stays(text: str) -> None:
    if "eyJ" not in text:
        assert without_secrets(text) == text


@pytest.mark.parametrize(
    "text", ["case 4711: the phone was stolen", "2026-12-01 03:00:00", "4111111111111112", "c" * 43]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert without_secrets(text) == text


def test_neither_log_nor_row_has_what_was_taken_out() -> None:
    token = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhIn0.c2lnbmF0dXJl"
    claimed = Event(CLIENT_AUTHENTICATION_FAILED, 1, detail={"claimed_client_id": f"app {token}", "reason": "unknown"})
    assert claimed.detail == {"claimed_client_id": f"app {WITHHELD}", "reason": "unknown"}
    locked = Event(ACCOUNT_LOCKED, 1, subject="alice", reason="card 4111 1111 1111 1111 was used")
    assert event_row(locked).values["reason"] == f"card {WITHHELD} was used"


def test_a_detail_does_not_change_after_it_was_told() -> None:
    told = Event(CLIENT_AUTHENTICATION_FAILED, 1, detail={"reason": "unknown"})
    with pytest.raises(TypeError):
        told.detail["reason"] = "another"  # type: ignore[index]  # what the type forbids is refused too
