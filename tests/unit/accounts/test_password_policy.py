import time
import unicodedata

import pytest

from authserver.accounts.factors.password import policy
from authserver.accounts.factors.password.policy import WeakPassword, check_password, context_words_of

WORDS = context_words_of(
    "alice",
    {"email": "alice.liddell@example.com", "name": "Alice Liddell", "address": {"locality": "Lisbon"}},
    "Harbour Bank",
)


def _problem(password: str) -> str | None:
    try:
        check_password(password, WORDS)
    except WeakPassword as weakness:
        return weakness.problem
    return None


@pytest.mark.spec("ASVS5-6.2.5", "ASVS5-6.2.9")
@pytest.mark.parametrize(
    "password",
    [
        "correct-horse-battery-staple",
        "only small letters and spaces between them",
        "vmqpzkhxwtrf",
        "Ünïcødé-lätérnen",
        "雨ニモマケズ風ニモマケズ",
        "kelp 🦀 lantern 🦀 orbit",
        "zebra-lantern-" + "0123456789abcdef" * 15,
        "4@8({[<369&#!1/|0$5+7%2",
    ],
)
def test_a_password_that_is_hard_to_guess_is_taken_whatever_it_is_made_of(password: str) -> None:
    assert _problem(password) is None


@pytest.mark.spec("ASVS5-6.2.1", "ASVS5-6.2.4", "ASVS5-6.2.11")
@pytest.mark.parametrize(
    ("password", "problem"),
    [
        ("", policy.TOO_SHORT),
        ("Xk9$mQ2", policy.TOO_SHORT),
        ("e\u0301" * 7, policy.TOO_SHORT),
        ("k" * 257, policy.TOO_LONG),
        ("tab\tbetween words", policy.NOT_TEXT),
        ("\ud800 half a character", policy.NOT_TEXT),
        ("password", policy.COMMON),
        ("QwertyUiop", policy.COMMON),
        ("iloveyou", policy.COMMON),
        ("aliceliddell", policy.PERSONAL),
        ("HarbourBank1865", policy.PERSONAL),
        ("Liddell-2024", policy.PERSONAL),
        ("Tr0ub4dour&3", policy.GUESSABLE),
        ("aaaaaaaaaaaaaaaaaaaaaaaa", policy.GUESSABLE),
        ("alice.liddell@example.com1", policy.PERSONAL),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_with_its_reason(password: str, problem: str) -> None:
    assert _problem(password) == problem


def test_the_longest_allowed_is_far_above_what_must_be_allowed() -> None:
    assert policy.MAX_PASSWORD_LENGTH >= 64
    assert _problem("zebra lantern orbit " * 12 + "and sixteen more") is None


def test_a_letter_counts_once_however_the_keyboard_makes_it() -> None:
    composed = "Ärger-Öl-é"
    assert _problem(composed) == _problem(unicodedata.normalize("NFD", composed))


def test_a_name_within_a_long_password_does_no_harm() -> None:
    assert _problem("alice keeps 40 zebras in lisbon") is None


@pytest.mark.spec("ASVS5-6.2.11")
def test_the_words_that_anyone_may_know_are_names_the_address_and_ours() -> None:
    assert {"alice", "Liddell", "example", "Harbour", "Harbour Bank"} <= set(WORDS)
    assert context_words_of("bob", {"email": 7, "name": None}, "") == ("bob", "")


def test_no_password_takes_long_to_judge() -> None:
    start = time.perf_counter()
    for password in ("4@8({[<369&#!1/|0$5+7%2" * 3, "1!|7+0" * 12, "[!|7+(" * 12, "p4$$w0rd" * 32, "\u0301" * 256):
        _problem(password)
    assert time.perf_counter() - start < 3
