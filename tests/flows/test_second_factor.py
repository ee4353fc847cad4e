"""The page for a code: forgiving about how it is typed, strict about what it is."""

import pyotp
import pytest
from sqlalchemy import select

from authserver.db.tables.accounts import totp_credentials
from authserver.protocol.names import ACR_TWO_FACTORS
from tests.support.deployment import Deployment
from tests.support.login_app import page_of, plain_url, register_login_app
from tests.support.person import Person

DID_NOT_WORK = "That did not work. Check what you entered and try again."


def _ask_for_a_code(deployment: Deployment) -> tuple[Person, str]:
    return Person(deployment), plain_url(register_login_app(deployment), acr_values=ACR_TWO_FACTORS)


@pytest.mark.parametrize("written", ["{0}{1}", " {0} {1} ", "{0}\u00a0{1}", "\u2009{0}\u2009{1}", "{0} {1}\n"])
def test_a_code_is_taken_as_it_is_typed_or_pasted_and_its_use_is_noted(deployment: Deployment, written: str) -> None:
    alice, url = _ask_for_a_code(deployment)
    page = alice.sign_in(alice.open(url))
    code = _code(alice)
    assert page_of(alice.enter_code(page, written.format(code[:3], code[3:]))) == "/consent"
    with deployment.database.read() as connection:
        assert connection.execute(select(totp_credentials.c.last_used_at)).scalars().all() == [deployment.now]


@pytest.mark.parametrize(
    "written",
    ["", "12345", "1234567", "\uff11\uff12\uff13\uff14\uff15\uff16", "\u0661" * 6, "1" * 1000, "+12345", "\x00"],
)
def test_what_is_no_code_is_answered_with_the_ordinary_words(deployment: Deployment, written: str) -> None:
    alice, url = _ask_for_a_code(deployment)
    page = alice.enter_code(alice.sign_in(alice.open(url)), written or " ")
    assert page.status_code == 400
    assert DID_NOT_WORK in page.text
    with deployment.database.read() as connection:
        assert connection.execute(select(totp_credentials.c.last_used_at)).scalars().all() == [None]


def test_full_width_digits_of_the_right_code_are_no_code(deployment: Deployment) -> None:
    alice, url = _ask_for_a_code(deployment)
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in _code(alice))
    assert DID_NOT_WORK in alice.enter_code(alice.sign_in(alice.open(url)), wide).text


def _code(person: Person) -> str:
    return pyotp.TOTP(person.seed).at(person.deployment.now)
