"""A person with nothing but a password comes to what needs more, and adds it on the way."""

import html
import re

import pyotp
import pytest
from werkzeug.test import TestResponse

from authserver.accounts.factors import store as factors
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.recovery.factor import RECOVERY
from authserver.accounts.factors.totp.factor import TOTP
from authserver.accounts.store import people
from authserver.db.engine import Database
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment, deploy
from tests.support.person import HIDDEN, Person, code_of
from tests.support.relying_party import RelyingParty, answer_of, register, register_bank


def reach(bob: Person, app: RelyingParty) -> TestResponse:
    """Sign in for something that needs two factors, as far as the page that adds one."""
    page = bob.sign_in(bob.open(app.authorization_url()))
    assert page.request.path == "/enrol", page.text
    return page


def strong_factors(deployment: Deployment) -> tuple[bool, bool, bool]:
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, "bob")
        assert account is not None
        found = factors.find_enrolled(connection, account.account_id)
    return found.has(TOTP), found.has(PASSKEY), found.has(RECOVERY)


def type_code(bob: Person, page: TestResponse, code: str = "") -> TestResponse:
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert key is not None, page.text
    typed = code or pyotp.TOTP(key[1].replace(" ", "")).at(bob.deployment.now)
    return bob.submit(page.request.full_path, page, action="confirm", totp=typed)


def go_on(bob: Person, page: TestResponse) -> TestResponse:
    address = re.search(r'id="submit" href="([^"]+)"', page.text)
    assert address is not None, page.text
    return bob.open(html.unescape(address[1]))


@pytest.mark.spec("RFC9470-5")
def test_bob_adds_an_authenticator_app_and_goes_on_to_what_he_came_for(app: RelyingParty) -> None:
    bob = Person(app.deployment, "bob")
    done = type_code(bob, reach(bob, app))
    assert len(re.findall(r"<li><code>([0-9A-Z-]+)</code></li>", done.text)) == 10

    consent = go_on(bob, done)

    assert consent.request.path == "/consent"
    location = bob.decide(consent, "approve").headers["Location"]
    assert app.redeem(code_of(location)).status_code == 200
    assert strong_factors(app.deployment) == (True, False, True)


def test_bob_adds_a_passkey_and_goes_on(app: RelyingParty) -> None:
    bob = Person(app.deployment, "bob")
    page = reach(bob, app)
    options = re.search(r'data-options="([^"]+)"', page.text)
    assert options is not None
    answer = SoftwareKey(synced=True).register(html.unescape(options[1]))
    done = bob.submit(page.request.full_path, page, action="passkey", credential=answer)
    assert go_on(bob, done).request.path == "/consent"
    assert strong_factors(app.deployment) == (False, True, True)


@pytest.mark.spec("RFC9470-5")
def test_where_only_a_passkey_will_do_a_code_sent_by_hand_adds_nothing(app: RelyingParty) -> None:
    bob = Person(app.deployment, "bob")
    page = reach(bob, app)
    strict = bob.open(app.authorization_url(acr_values="phr"))
    assert (strict.request.path, 'name="totp"' in strict.text) == ("/enrol", False)
    key, ticket = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text), dict(HIDDEN.findall(page.text))["ticket"]
    assert key is not None
    code = pyotp.TOTP(key[1].replace(" ", "")).at(bob.deployment.now)

    answer = bob.submit(strict.request.full_path, strict, action="confirm", totp=code, ticket=html.unescape(ticket))

    assert (answer.request.path, answer.status_code) == ("/enrol", 400)
    assert strong_factors(app.deployment) == (False, False, False)


def test_a_wrong_code_adds_nothing_and_the_picture_stays(app: RelyingParty) -> None:
    bob = Person(app.deployment, "bob")
    page = reach(bob, app)
    again = type_code(bob, page, "000000")
    assert again.status_code == 400
    assert re.findall(r"<code>([A-Z2-7 ]+)</code>", again.text) == re.findall(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert strong_factors(app.deployment) == (False, False, False)


def test_who_cancels_goes_back_to_the_app(app: RelyingParty) -> None:
    bob = Person(app.deployment, "bob")
    page = reach(bob, app)
    out = bob.submit(page.request.full_path, page, action="cancel")
    assert answer_of(out.headers["Location"])["error"] == "unmet_authentication_requirements"


def test_an_older_password_is_asked_for_again(app: RelyingParty) -> None:
    bob = Person(app.deployment, "bob")
    page = reach(bob, app)
    app.deployment.wait(301)
    again = type_code(bob, page)
    assert again.request.path == "/login"
    assert bob.sign_in(again).request.path == "/enrol"
    assert strong_factors(app.deployment) == (False, False, False)


def test_of_two_tabs_the_second_adds_nothing(app: RelyingParty) -> None:
    bob = Person(app.deployment, "bob")
    first = reach(bob, app)
    second = bob.open(app.authorization_url())
    assert second.request.path == "/enrol"
    type_code(bob, first)
    assert type_code(bob, second).request.path == "/consent"


def test_where_only_invitations_enrol_bob_is_told_so(sqlite_database: Database, sqlite_url: str) -> None:
    deployment = deploy(sqlite_database, sqlite_url, first_factor_enrolment="invitation")
    register_bank(deployment)
    page = reach(Person(deployment, "bob"), register(deployment))
    assert "Your account needs a second factor for this" in page.text
