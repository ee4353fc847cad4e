"""After a sign-in by nothing but a password a passkey is offered, once."""

import html
import re

import pytest

from authserver.db.engine import Database
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment, deploy
from tests.support.login_app import plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty


@pytest.fixture
def club(deployment: Deployment) -> RelyingParty:
    """An app that asks for nothing but who someone is, and dora, to whom nothing was offered yet."""
    deployment.add_person("dora", totp=False, offered=False)
    return register_login_app(deployment)


def test_dora_says_not_now_and_is_never_asked_again(club: RelyingParty) -> None:
    dora = Person(club.deployment, "dora")
    page = dora.sign_in(dora.open(plain_url(club)))
    assert page.request.path == "/login/passkey/offer"

    consent = dora.submit(page.request.full_path, page, action="later")

    assert consent.request.path == "/consent"
    assert code_of(dora.decide(consent, "approve").headers["Location"])
    again = Person(club.deployment, "dora")
    assert code_of(again.approve(plain_url(club)))


def test_dora_makes_a_passkey_keeps_her_codes_and_goes_on(club: RelyingParty) -> None:
    dora = Person(club.deployment, "dora")
    page = dora.sign_in(dora.open(plain_url(club)))
    options = re.search(r'data-options="([^"]+)"', page.text)
    assert options is not None
    answer = SoftwareKey().register(html.unescape(options[1]))
    done = dora.submit(page.request.full_path, page, action="passkey", credential=answer)
    assert "Save these codes now" in done.text
    address = re.search(r'id="submit" href="([^"]+)"', done.text)
    assert address is not None
    assert dora.open(html.unescape(address[1])).request.path == "/consent"


def test_a_passkey_that_fails_can_be_tried_again_or_left(club: RelyingParty) -> None:
    dora = Person(club.deployment, "dora")
    page = dora.sign_in(dora.open(plain_url(club)))
    failed = dora.submit(page.request.full_path, page, action="passkey", credential="{}")
    assert failed.status_code == 400
    assert dora.submit(page.request.full_path, failed, action="later").request.path == "/consent"


def test_nothing_is_offered_on_the_way_to_the_own_account(club: RelyingParty) -> None:
    dora = Person(club.deployment, "dora")
    assert dora.sign_in(dora.open("/account")).request.path == "/account"


def test_nothing_is_offered_where_only_invitations_enrol(sqlite_database: Database, sqlite_url: str) -> None:
    deployment = deploy(sqlite_database, sqlite_url, first_factor_enrolment="invitation")
    deployment.add_person("dora", totp=False, offered=False)
    dora = Person(deployment, "dora")
    assert dora.sign_in(dora.open(plain_url(register_login_app(deployment)))).request.path == "/consent"
