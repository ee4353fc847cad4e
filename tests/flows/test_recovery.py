"""A person who has lost their second factor signs in with a code from paper, once for each code."""

import os

import pytest

from authserver.accounts.factors.recovery import codes as recovery
from authserver.accounts.factors.recovery import store
from authserver.accounts.store import people
from authserver.events.store import find_recent
from authserver.protocol.names import ACR_TWO_FACTORS
from tests.support.deployment import Deployment
from tests.support.login_app import finish, page_of, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import claims_of

LINK = "Use a recovery code instead"


@pytest.fixture
def codes(either: Deployment) -> tuple[str, ...]:
    """Alice's recovery codes."""
    texts = recovery.new_codes(os.urandom)
    with either.database.transaction() as connection:
        recovery.replace_codes(connection, _alice(either), texts, either.now)
    return texts


def _alice(deployment: Deployment) -> str:
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, "alice")
    assert account is not None
    return account.account_id


def _left(deployment: Deployment) -> int:
    with deployment.database.read() as connection:
        return store.count_left(connection, _alice(deployment))


@pytest.mark.spec("RTS-SCA-4.1", "RFC8176-2")
def test_a_recovery_code_stands_in_for_the_second_factor_once(either: Deployment, codes: tuple[str, ...]) -> None:
    app = register_login_app(either)
    url = plain_url(app, acr_values=ACR_TWO_FACTORS)
    alice = Person(either)
    page = alice.sign_in(alice.open(url))
    assert LINK in page.text
    page = alice.open(page.request.full_path.replace("/login/totp", "/login/recovery"))
    assert page_of(page) == "/login/recovery"
    typed = codes[3].lower().replace("-", " ")
    page = alice.submit(page.request.full_path, page, recovery_code=f"  {typed} ", action="confirm")
    assert page_of(page) == "/consent"
    claims = claims_of(app.redeem(code_of(finish(alice, page).headers["Location"])).json["id_token"])
    assert (claims["acr"], set(claims["amr"])) == (ACR_TWO_FACTORS, {"pwd", "otp", "mfa"})
    assert _left(either) == 9
    with either.database.read() as connection:
        noted = [row.name for row in find_recent(connection, _alice(either), either.now, 10)]
    assert "recovery_code_used" in noted

    again = Person(either)
    page = again.sign_in(again.open(url))
    page = again.open(page.request.full_path.replace("/login/totp", "/login/recovery"))
    page = again.submit(page.request.full_path, page, recovery_code=codes[3])
    assert page.status_code == 400
    assert "That did not work." in page.text
    assert codes[3] not in page.text
    assert not any(code in str(event) for event in either.events for code in codes)


def test_where_there_are_no_codes_nothing_leads_to_the_page(either: Deployment) -> None:
    url = plain_url(register_login_app(either), acr_values=ACR_TWO_FACTORS)
    alice = Person(either)
    page = alice.sign_in(alice.open(url))
    assert LINK not in page.text
    assert page_of(alice.open(page.request.full_path.replace("/login/totp", "/login/recovery"))) == "/login/totp"


def test_whoever_cancels_shares_nothing(either: Deployment, codes: tuple[str, ...]) -> None:
    alice = Person(either)
    page = alice.sign_in(alice.open(plain_url(register_login_app(either), acr_values=ACR_TWO_FACTORS)))
    page = alice.open(page.request.full_path.replace("/login/totp", "/login/recovery"))
    answer = alice.submit(page.request.full_path, page, recovery_code=codes[0], action="cancel")
    assert "error=access_denied" in answer.headers["Location"]
    assert _left(either) == 10


@pytest.mark.parametrize("code", ["", "123", "\uff10" * 24, "A" * 1000, "\x00", "U" * 24, "' OR 1=1 --"])
def test_what_is_no_code_is_answered_like_a_wrong_one(either: Deployment, codes: tuple[str, ...], code: str) -> None:
    alice = Person(either)
    page = alice.sign_in(alice.open(plain_url(register_login_app(either), acr_values=ACR_TWO_FACTORS)))
    page = alice.open(page.request.full_path.replace("/login/totp", "/login/recovery"))
    page = alice.submit(page.request.full_path, page, recovery_code=code)
    assert page.status_code == 400
    assert "That did not work. Check what you entered and try again." in page.text
    assert _left(either) == len(codes)
