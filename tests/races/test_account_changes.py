"""Of two changes to one account at the same moment, the second knows of the first."""

import html
import os
import re
from collections.abc import Callable

import pyotp
import pytest
from werkzeug.test import TestResponse

from authserver.accounts.factors import store as factors
from authserver.accounts.factors.model import Enrolled
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.password import hashing as passwords
from authserver.accounts.factors.recovery import store as recovery
from authserver.accounts.factors.recovery.codes import new_codes, replace_codes
from authserver.accounts.factors.totp.factor import TOTP
from authserver.accounts.invitations import invite
from authserver.accounts.store import people
from authserver.sessions import lifecycle
from authserver.sessions import store as sessions
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment
from tests.support.passkeys import options_on
from tests.support.person import Person
from tests.support.races import THREADS, at_once

NEW_PASSWORD = "seven-quiet-herons-wade"


def arrive(person: Person, path: str) -> TestResponse:
    """Open a page and sign in as far as it needs."""
    page = person.open(path)
    if page.request.path == "/login":
        page = person.sign_in(page)
    if page.request.path == "/login/totp":
        person.deployment.wait(30)
        page = person.enter_code(page)
    assert (page.request.path, page.status_code) == (path, 200), page.text
    return page


def find_id(deployment: Deployment, username: str) -> str:
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, username)
    assert account is not None
    return account.account_id


def enrolled(deployment: Deployment, username: str) -> Enrolled:
    account_id = find_id(deployment, username)
    with deployment.database.read() as connection:
        return factors.find_enrolled(connection, account_id)


def adding_passkey(person: Person) -> Callable[[], TestResponse]:
    page = arrive(person, "/account/passkeys")
    credential = SoftwareKey().register(options_on(page))
    return lambda: person.submit("/account/passkeys", page, credential=credential, name="Key")


def adding_generator(person: Person) -> Callable[[], TestResponse]:
    page = arrive(person, "/account/generator")
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert key is not None, page.text
    code = pyotp.TOTP(html.unescape(key[1]).replace(" ", "")).at(person.deployment.now)
    return lambda: person.submit("/account/generator", page, totp=code)


@pytest.mark.spec("RTS-SCA-4.1", "ASVS5-7.5.1")
def test_of_two_who_add_the_first_factor_at_once_the_second_must_prove_it(either: Deployment) -> None:
    at_once([adding_passkey(Person(either, "bob")), adding_generator(Person(either, "bob"))])
    found = enrolled(either, "bob")
    assert found.has(TOTP) != found.has(PASSKEY)


@pytest.mark.spec("ASVS5-6.4.1")
def test_an_invitation_beside_a_new_factor_is_no_way_around_it(either: Deployment) -> None:
    account_id = find_id(either, "bob")
    with either.database.transaction() as connection:
        path = f"/invitation?invitation={invite(connection, account_id, either.now, 3600)}"
    guest = Person(either, "bob")
    page = guest.open(path)
    credential = SoftwareKey().register(options_on(page))

    at_once(
        [
            adding_generator(Person(either, "bob")),
            lambda: guest.submit(path, page, action="passkey", credential=credential),
        ]
    )

    found = enrolled(either, "bob")
    assert found.has(TOTP) != found.has(PASSKEY)


@pytest.mark.spec("ASVS5-6.5.1")
def test_of_many_sets_of_recovery_codes_made_at_once_one_is_good(either: Deployment) -> None:
    account_id = find_id(either, "alice")

    def make() -> None:
        with either.database.transaction() as connection:
            replace_codes(connection, account_id, new_codes(os.urandom), either.now)

    at_once([make] * THREADS)

    with either.database.read() as connection:
        assert recovery.count_left(connection, account_id) == 10


@pytest.mark.spec("ASVS5-7.4.1")
def test_a_session_ended_while_its_form_is_on_the_way_changes_nothing(
    either: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    add, account_id = adding_generator(Person(either, "bob")), find_id(either, "bob")
    look = factors.find_enrolled

    def look_and_sign_out(*given: object) -> Enrolled:
        """Let the person sign out every browser just after the page has looked at who they are."""
        monkeypatch.undo()
        found = look(*given)  # type: ignore[arg-type]  # handed on as they are
        lifecycle.end_all(given[0], account_id, either.now)  # type: ignore[arg-type]  # the page's own connection
        return found

    monkeypatch.setattr("authserver.selfservice.account_page.find_enrolled", look_and_sign_out)
    assert add().request.path == "/login"
    assert not enrolled(either, "bob").has(TOTP)


@pytest.mark.spec("ASVS5-7.4.2", "ASVS5-7.4.3")
@pytest.mark.parametrize("changes", ["the password", "the lock"])
def test_what_changes_while_a_password_is_verified_lets_nobody_in_by_the_old_one(
    either: Deployment, monkeypatch: pytest.MonkeyPatch, changes: str
) -> None:
    account_id, verify = find_id(either, "bob"), passwords.verify_password

    def verify_and_change(password: str, password_hash: str | None) -> bool:
        """Change what the sign-in went by, just after the password was found right."""
        monkeypatch.undo()
        is_right = verify(password, password_hash)
        with either.database.transaction() as connection:
            if changes == "the lock":
                people.lock(connection, account_id, either.now)
            else:
                people.set_password(connection, account_id, passwords.hash_password("another", bytes(16)))
            lifecycle.end_all(connection, account_id, either.now)
        return is_right

    bob = Person(either, "bob")
    page = bob.open("/account")
    monkeypatch.setattr("authserver.accounts.factors.password.hashing.verify_password", verify_and_change)

    answer = bob.sign_in(page)

    assert (answer.request.path, answer.status_code) == ("/login", 400)
    with either.database.read() as connection:
        assert sessions.find_all(connection, account_id, either.now) == []
    assert either.events[-1].detail == {"outcome": "outdated"}
