import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.accounts import lockout
from authserver.accounts.factors.recovery import codes as recovery
from authserver.accounts.factors.totp import codes as totp
from authserver.accounts.lockout import BLOCK_SECONDS, MAX_FAILURES, WARNED_FROM

NOW = 1_700_000_000
octets = st.binary(min_size=recovery.CODE_BYTES, max_size=recovery.CODE_BYTES)
spaces = st.text(st.sampled_from([" ", "\u00a0", "\u2009", "\t", "\n"]), max_size=2)
separators = st.text(st.sampled_from([" ", "-", "\u00a0", "\u2013", "\n"]), max_size=2)


@pytest.mark.spec("RTS-SCA-4.3")
@given(st.integers(0, 200))
def test_a_block_lasts_a_minute_at_least_and_an_hour_at_most_and_never_less_than_the_one_before(blocks: int) -> None:
    assert 60 <= lockout.block_seconds(blocks) <= 3600
    assert lockout.block_seconds(blocks) <= lockout.block_seconds(blocks + 1) <= 2 * lockout.block_seconds(blocks)
    assert lockout.block_seconds(len(BLOCK_SECONDS)) == 3600


@pytest.mark.spec("RTS-SCA-4.4")
@given(st.integers(1, MAX_FAILURES), st.integers(0, 20))
def test_whoever_is_soon_blocked_is_told_beforehand_and_whoever_is_blocked_for_how_long(
    failures: int, blocks: int
) -> None:
    until = NOW + lockout.block_seconds(blocks) if failures == MAX_FAILURES else 0
    attempt = lockout.counted(b"hash", failures, until, NOW)
    assert attempt.allowed
    left, minutes = lockout.attempts_to_warn_of(attempt), lockout.minutes_to_wait(attempt)
    assert left == (MAX_FAILURES - failures if failures >= WARNED_FROM else 0)
    assert (minutes > 0) == (failures == MAX_FAILURES)
    assert 0 <= 60 * minutes - attempt.wait_seconds < 60


@given(st.integers(-10, 4000))
def test_a_refused_try_always_names_a_wait(seconds_left: int) -> None:
    attempt = lockout.refused(b"hash", NOW + seconds_left, NOW)
    assert not attempt.allowed
    assert lockout.minutes_to_wait(attempt) >= 1
    assert lockout.attempts_to_warn_of(attempt) == 0
    assert b"hash".hex() not in repr(attempt)


@given(octets)
def test_a_recovery_code_is_read_back_as_it_was_written(code: bytes) -> None:
    written = recovery.format_code(code)
    assert len(written) == 29
    assert recovery.parse_code(written) == written.replace("-", "")


@given(octets, st.data())
def test_a_recovery_code_is_read_however_it_is_typed(code: bytes, data: st.DataObject) -> None:
    written = recovery.format_code(code)
    letters = written.replace("-", "")
    misread = {"0": "0oO", "1": "1iIlL"}
    typed = "".join(
        data.draw(st.sampled_from([*misread.get(letter, letter + letter.lower())])) + data.draw(separators)
        for letter in letters
    )
    assert recovery.parse_code(typed) == (letters if len(typed) <= 100 else None)


@given(octets, octets)
def test_two_codes_are_written_alike_only_if_they_are_one(one: bytes, other: bytes) -> None:
    assert (recovery.format_code(one) == recovery.format_code(other)) == (one == other)


@given(st.text())
def test_what_is_read_as_a_recovery_code_has_one_spelling(text: str) -> None:
    code = recovery.parse_code(text)
    assert code is None or (len(code) == 24 and code.isascii() and recovery.parse_code(code) == code)


@pytest.mark.parametrize("text", ["", "-" * 101, "U" * 24, "\uff21" * 24, "A" * 23, "A" * 25, "\x00" * 24, "A" * 1000])
def test_what_is_no_recovery_code_is_not_read_as_one(text: str) -> None:
    assert recovery.parse_code(text) is None


@given(st.integers(0, 999_999), st.data())
def test_a_one_time_code_is_read_with_whatever_spaces_pasting_brings(number: int, data: st.DataObject) -> None:
    digits = f"{number:06}"
    typed = "".join(digit + data.draw(spaces) for digit in digits)
    assert totp.parse_code(typed) == digits


@pytest.mark.parametrize(
    "text", ["", "12345", "1234567", "\uff11" * 6, "\u0661" * 6, "12345a", "1" * 1000, "1 2 3 4 5 6" + " " * 30]
)
def test_what_is_no_one_time_code_is_not_read_as_one(text: str) -> None:
    assert totp.parse_code(text) is None
