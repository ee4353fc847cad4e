from urllib.parse import parse_qs, urlsplit

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.accounts.factors.totp.codes import (
    SEED_BYTES,
    matching_time_step,
    new_seed,
    parse_code,
    parse_seed,
    provisioning_uri,
)

SEED = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
RFC_SEED = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"  # the RFC's "12345678901234567890"
NOW = 1_700_000_000


@pytest.mark.spec("RFC6238-B")
@pytest.mark.parametrize(
    ("now", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_the_codes_of_the_rfc_belong_to_their_steps(now: int, code: str) -> None:
    assert matching_time_step(RFC_SEED, code, now) == now // 30


@pytest.mark.parametrize("typed", ["123456", "123 456", " 123456 ", "12 34 56"])
def test_spaces_in_a_code_are_left_out(typed: str) -> None:
    assert parse_code(typed) == "123456"


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "12345",
        "1234567",
        "12345a",
        "123-456",
        "+12345",
        "１２３４５６",  # noqa: RUF001 - full-width digits are the case
        "١٢٣٤٥٦",
        "12345²",
        "\x00123456",
        "1" * 1000,
        "123456" + " " * 1000,
        "123456" * 10_000,
    ],
)
def test_anything_but_six_ascii_digits_is_no_code(typed: str) -> None:
    assert parse_code(typed) is None


@given(st.text(max_size=40))
def test_a_code_is_six_ascii_digits_or_nothing(typed: str) -> None:
    code = parse_code(typed)
    assert code is None or (len(code) == 6 and code.isascii() and code.isdecimal())


@pytest.mark.spec("RFC6238-5.2", "ASVS5-6.5.5")
@pytest.mark.parametrize(("steps_away", "is_accepted"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_holds_for_its_step_and_one_on_either_side(steps_away: int, is_accepted: bool) -> None:  # noqa: FBT001 - a table's column
    step = NOW // 30 + steps_away
    code = pyotp.TOTP(SEED).generate_otp(step)
    assert matching_time_step(SEED, code, NOW) == (step if is_accepted else None)


def test_a_code_of_another_seed_matches_no_step() -> None:
    assert matching_time_step(SEED, pyotp.TOTP(RFC_SEED).at(NOW), NOW) is None


@pytest.mark.parametrize("typed", [SEED, SEED.lower(), "JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP", f" {SEED}\n"])
def test_a_seed_has_one_form(typed: str) -> None:
    assert parse_seed(typed) == SEED


@pytest.mark.spec("RFC4226-4")
@pytest.mark.parametrize("typed", ["", "JBSWY3DPEHPK3PXP", "JBSWY3DPEHPK3PXPJBSWY3DP", "1" * 32, "é" * 32, "A" * 33])
def test_a_seed_that_is_short_or_not_base32_is_refused(typed: str) -> None:
    with pytest.raises(ValueError, match="the seed"):
        parse_seed(typed)


def test_a_refused_seed_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="the seed") as refusal:
        parse_seed("SECRETSECRET")
    assert "SECRET" not in str(refusal.value)


def test_a_new_seed_holds_the_random_bytes_it_was_given() -> None:
    seed = new_seed(b"12345678901234567890")
    assert seed == RFC_SEED
    assert len(b"12345678901234567890") == SEED_BYTES


@pytest.mark.spec("RFC4226-4")
def test_a_new_seed_of_too_few_bytes_is_refused() -> None:
    with pytest.raises(ValueError, match="bits"):
        new_seed(b"short")


def test_the_provisioning_uri_names_the_person_and_the_house() -> None:
    uri = urlsplit(provisioning_uri(SEED, username="zoë:x@example.com", issuer_name="Example Bank"))
    assert (uri.scheme, uri.netloc) == ("otpauth", "totp")
    assert uri.path == "/Example%20Bank:zo%C3%AB%20x%40example.com"
    assert parse_qs(uri.query) == {"secret": [SEED], "issuer": ["Example Bank"]}


def test_a_seed_beyond_any_use_is_refused() -> None:
    with pytest.raises(ValueError, match="more than 512 bits"):
        parse_seed("A" * 8 * 13 + "AAAAAAAA")
