"""What a person allowed an app stays allowed, however much else they allowed it since."""

import secrets

import pytest

from authserver.accounts.store import people
from authserver.grants.model import Consent
from authserver.grants.store import consents
from tests.support.deployment import Deployment
from tests.support.login_app import log_in, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, answer_of

SINCE = 40


@pytest.fixture
def login_app(either: Deployment) -> RelyingParty:
    """An app that sends its requests in the clear."""
    return register_login_app(either)


@pytest.fixture
def alice(either: Deployment, login_app: RelyingParty) -> Person:
    """A person who has just signed in to the app, and allowed it what it asks for."""
    person = Person(either)
    log_in(login_app, person)
    return person


def silently(app: RelyingParty, person: Person, **changes: object) -> dict[str, str]:
    """Ask without a page, as an app does that was allowed before."""
    return answer_of(person.open(plain_url(app, prompt="none", **changes)).headers["Location"])


@pytest.mark.spec("OIDCC-3.1.2.4")
def test_an_app_that_asks_for_less_at_each_sign_in_leaves_the_rest_allowed(
    login_app: RelyingParty, alice: Person
) -> None:
    for _ in range(9):
        login_app.deployment.wait(1)
        code_of(alice.approve(plain_url(login_app, scope="openid", prompt="consent")))
    assert "code" in silently(login_app, alice)
    assert "code" in silently(login_app, alice, scope="openid")


@pytest.mark.spec("OIDCC-3.1.2.4", "RFC9396-6.1")
def test_payments_to_come_leave_the_rest_allowed(login_app: RelyingParty, alice: Person) -> None:
    """Each mandate is a standing permission by itself, and covers nothing but itself."""
    deployment = login_app.deployment
    with deployment.database.transaction() as connection:
        account = people.find_by_username(connection, "alice")
        assert account is not None
        for number in range(SINCE):
            details = ({"type": "variable_recurring_payment", "creditorName": f"Club {number}"},)
            values = ("openid",), (), (), deployment.now + 1, deployment.now + 86400, details
            consents.record(
                connection, Consent(secrets.token_urlsafe(), account.account_id, login_app.client_id, *values)
            )
        found = consents.find_standing(connection, account.account_id, login_app.client_id, deployment.now)
    assert len(found) == SINCE + 1
    assert "code" in silently(login_app, alice)


@pytest.mark.spec("OIDCC-3.1.2.4")
def test_of_consents_to_the_same_the_latest_is_found_and_none_that_ended(
    login_app: RelyingParty, alice: Person
) -> None:
    database, now = login_app.deployment.database, login_app.deployment.now
    for _ in range(3):
        login_app.deployment.wait(1)
        code_of(alice.approve(plain_url(login_app, prompt="consent")))
    with database.transaction() as connection:
        account = people.find_by_username(connection, "alice")
        assert account is not None
        (found,) = consents.find_standing(connection, account.account_id, login_app.client_id, now + 3)
        assert found.granted_at == now + 3
        consents.revoke_consents(connection, account.account_id, login_app.client_id, now + 3)
        assert not consents.find_standing(connection, account.account_id, login_app.client_id, now + 3)
    assert silently(login_app, alice)["error"] == "consent_required"
