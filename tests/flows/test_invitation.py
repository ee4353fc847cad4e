"""An invited person says once how they sign in, and is led on to a second factor and recovery codes."""

import html
import re
from functools import partial

import pytest
from werkzeug.test import TestResponse

from authserver.accounts.factors import store as factors
from authserver.accounts.factors.changes import remove_all
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.invitations import invite
from authserver.accounts.store import people
from authserver.db.engine import Database
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment, deploy
from tests.support.letters import subjects_of
from tests.support.person import Person
from tests.support.races import at_once

NEW_PASSWORD = "seven-quiet-herons-wade"


def invited(deployment: Deployment, username: str = "carol", lifetime: int = 3600) -> str:
    """Create an account without any way to sign in, and return the path of its invitation."""
    with deployment.database.transaction() as connection:
        account = people.find_by_username(connection, username) or people.create(
            connection, username, {}, None, deployment.now
        )
        assert account is not None
        return f"/invitation?invitation={invite(connection, account.account_id, deployment.now, lifetime)}"


def test_an_invited_person_sets_a_password_and_is_led_to_a_second_factor(deployment: Deployment) -> None:
    path = invited(deployment)
    carol = Person(deployment, "carol", password=NEW_PASSWORD)
    page = carol.open(path)
    assert "carol" in page.text
    assert carol.open(path).status_code == 200  # looking at it does not use it up

    chosen = carol.submit(path, page, action="password", new_password=NEW_PASSWORD)

    assert chosen.request.path == "/account/second-factor"
    assert carol.open("/account/generator").request.path == "/account/generator"
    again = Person(deployment, "carol").open(path)
    assert again.status_code == 400
    assert "invitation.claimed" in deployment.event_names()


def test_an_invited_person_needs_no_password_with_a_passkey(deployment: Deployment) -> None:
    path = invited(deployment)
    carol = Person(deployment, "carol")
    page = carol.open(path)
    options = re.search(r'data-options="([^"]+)"', page.text)
    assert options is not None
    answer = SoftwareKey().register(html.unescape(options[1]))

    done = carol.submit(path, page, action="passkey", credential=answer)

    assert done.request.path == "/account/methods", "codes would not let them in"
    assert "A recovery code works only after a password" in done.text
    assert "Add a second passkey or set a password" in carol.open("/account").text
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, "carol")
        assert account is not None
        enrolled = factors.find_enrolled(connection, account.account_id)
    assert (enrolled.has(PASSWORD), enrolled.has(PASSKEY)) == (False, True)


def test_a_passkey_that_fails_leaves_the_invitation_open(deployment: Deployment) -> None:
    path = invited(deployment)
    carol = Person(deployment, "carol")
    failed = carol.submit(path, carol.open(path), action="passkey", credential="{}")
    assert failed.status_code == 400
    assert carol.open(path).status_code == 200


def test_a_weak_password_leaves_the_invitation_open(deployment: Deployment) -> None:
    path = invited(deployment)
    carol = Person(deployment, "carol")
    failed = carol.submit(path, carol.open(path), action="password", new_password="password")
    assert failed.status_code == 400
    assert carol.open(path).status_code == 200


@pytest.mark.spec("ASVS5-6.4.1")
def test_an_invitation_ends_with_its_time_and_with_the_next_one(deployment: Deployment) -> None:
    carol = Person(deployment, "carol")
    first = invited(deployment)
    second = invited(deployment)
    assert carol.open(first).status_code == 400
    assert carol.open(second).status_code == 200
    deployment.wait(3600)
    assert carol.open(second).status_code == 400
    assert carol.open("/invitation").status_code == 400


def test_an_invitation_is_no_way_around_a_second_factor(deployment: Deployment) -> None:
    path = invited(deployment, "alice")
    assert Person(deployment).open(path).status_code == 400


def test_an_unused_invitation_does_not_come_back_with_the_end_of_the_second_factor(deployment: Deployment) -> None:
    path = invited(deployment, "alice")
    with deployment.database.transaction() as connection:
        account = people.find_by_username(connection, "alice")
        assert account is not None
        assert remove_all(connection, account.account_id)
    assert Person(deployment).open(path).status_code == 400


def test_an_invitation_works_only_in_the_browser_that_shows_it(deployment: Deployment) -> None:
    path = invited(deployment)
    page = Person(deployment, "carol").open(path)
    elsewhere = Person(deployment, "carol")
    elsewhere.open(path)
    assert elsewhere.submit(path, page, action="password", new_password=NEW_PASSWORD).status_code == 400


@pytest.mark.spec("ASVS5-6.3.7")
@pytest.mark.parametrize("way", ["password", "passkey"])
def test_a_person_is_told_that_an_invitation_to_their_account_was_used(deployment: Deployment, way: str) -> None:
    path = invited(deployment, "bob")
    whoever = Person(deployment, "bob")
    page = whoever.open(path)
    options = re.search(r'data-options="([^"]+)"', page.text)
    assert options is not None
    answer = SoftwareKey().register(html.unescape(options[1]))

    whoever.submit(path, page, action=way, new_password=NEW_PASSWORD, credential=answer)

    assert subjects_of(deployment) == ["Sign-in: An invitation to your account was used"]


@pytest.mark.spec("ASVS5-6.4.1")
def test_of_two_who_use_one_invitation_at_once_one_wins(either: Deployment) -> None:
    path = invited(either)
    people_at_once = [Person(either, "carol") for _ in range(4)]
    pages = [(person, person.open(path)) for person in people_at_once]

    def use(person: Person, page: TestResponse) -> str:
        return str(person.submit(path, page, action="password", new_password=NEW_PASSWORD).request.path)

    ended = at_once([partial(use, person, page) for person, page in pages])

    assert ended.count("/account/second-factor") == 1


def test_where_only_invitations_enrol_a_password_adds_nothing(sqlite_database: Database, sqlite_url: str) -> None:
    deployment = deploy(sqlite_database, sqlite_url, first_factor_enrolment="invitation")
    bob = Person(deployment, "bob")
    page = bob.open("/account/generator")
    assert bob.sign_in(page).request.path == "/account/methods"

    carol = Person(deployment, "carol")
    path = invited(deployment)
    carol.submit(path, carol.open(path), action="password", new_password=NEW_PASSWORD)
    assert carol.open("/account/generator").request.path == "/account/generator"
