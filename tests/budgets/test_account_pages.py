"""How many SQL statements each page of a person's own account may cost, and those by which factors are added.

BEGIN and COMMIT are not among them. The figures are what each costs today: whoever needs another statement raises
one here, and says why.
"""

import html
import os
import re
from functools import partial

import pyotp
import pytest
from werkzeug.test import TestResponse

from authserver.accounts.factors.recovery.codes import new_codes, replace_codes
from authserver.accounts.invitations import invite
from authserver.accounts.store import people
from authserver.sessions import lifecycle
from authserver.sessions.model import Browser, SessionLimits
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import ISSUER, Deployment
from tests.support.ledger import Ledger
from tests.support.passkeys import enrol_passkey, options_on
from tests.support.person import HIDDEN, Person
from tests.support.relying_party import register, register_bank

NEW_PASSWORD = "seven-quiet-herons-wade"
PAGES = {
    "/account": 7,
    "/account/methods": 6,
    "/account/second-factor": 4,
    "/account/passkeys": 5,
    "/account/generator": 4,
    "/account/recovery-codes": 5,
    "/account/password": 4,
    "/account/sessions": 5,
    "/account/apps": 6,
    "/account/activity": 5,
    "/account/data": 11,
}


def get(person: Person, path: str) -> TestResponse:
    """Open one page and follow nothing."""
    return person.browser.get(path, base_url=ISSUER)


def post(person: Person, path: str, page: TestResponse, **fields: str) -> TestResponse:
    """Send the form of a page and follow nothing."""
    data = {name: html.unescape(value) for name, value in HIDDEN.findall(page.text)} | fields
    return person.browser.post(path, data=data, base_url=ISSUER, headers={"Origin": ISSUER})


def code_on(person: Person, page: TestResponse) -> str:
    """Return a code of the seed that a page shows."""
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", page.text)
    assert key is not None, page.text
    return pyotp.TOTP(key[1].replace(" ", "")).at(person.deployment.now)


def find_id(deployment: Deployment, username: str) -> str:
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, username)
    assert account is not None
    return account.account_id


@pytest.fixture
def alice(either: Deployment) -> Person:
    """Alice with a passkey, a generator and an app, signed in at her account."""
    register_bank(either)
    enrol_passkey(either, "alice")
    person = Person(either)
    page = person.sign_in(person.open(register(either).authorization_url()))
    page = person.enter_code(person.open(page.request.full_path.replace("/login/passkey", "/login/totp")))
    person.decide(page, "approve")
    assert person.open("/account").request.path == "/account"
    return person


def test_each_page_of_an_account(alice: Person) -> None:
    ledger = Ledger()
    for path in PAGES:
        ledger.note(path, partial(get, alice, path), status=303 if path == "/account/second-factor" else 200)
    ledger.check(PAGES)


def test_each_change_of_a_factor(alice: Person) -> None:
    ledger, send = Ledger(), partial(post, alice)
    adding = get(alice, "/account/passkeys")
    credential = SoftwareKey().register(options_on(adding))
    add = partial(send, "/account/passkeys", adding, credential=credential, name="Second")
    ledger.note("add a passkey", add, status=303)
    methods = get(alice, "/account/methods")
    found = re.search(r'name="passkey" value="([^"]+)"', methods.text)
    assert found is not None
    rename = partial(send, "/account/methods", methods, action="rename", passkey=found[1], name="Mine")
    ledger.note("rename a passkey", rename, status=303)
    generator = get(alice, "/account/generator")
    ledger.note(
        "add a generator",
        partial(send, "/account/generator", generator, totp=code_on(alice, generator)),
        status=303,
    )
    methods = get(alice, "/account/methods")
    remove = partial(send, "/account/methods", methods, action="remove_passkey", passkey=found[1])
    ledger.note("remove a passkey", remove, status=303)
    ledger.note(
        "remove the generator", partial(send, "/account/methods", methods, action="remove_generator"), status=303
    )
    ledger.note("make recovery codes", partial(send, "/account/recovery-codes", get(alice, "/account/recovery-codes")))
    # A change holds the account and looks again at session, person and factors: four statements beside its own. The
    # letter that tells of it is one more, in its transaction; passkeys are counted before one is added.
    ledger.check(
        {
            "add a passkey": 17,
            "rename a passkey": 10,
            "add a generator": 16,
            "remove a passkey": 15,
            "remove the generator": 14,
            "make recovery codes": 13,
        }
    )


def test_each_other_change_on_the_account_pages(alice: Person) -> None:
    ledger, send = Ledger(), partial(post, alice)
    page = get(alice, "/account/password")
    change = partial(send, "/account/password", page, password=alice.password, new_password=NEW_PASSWORD)
    ledger.note("change the password", change, status=303)
    with alice.deployment.database.transaction() as connection:
        whose, now = find_id(alice.deployment, "alice"), alice.deployment.now
        lifecycle.start(connection, whose, "swk+uv", SessionLimits(), now, Browser())
    page = get(alice, "/account/sessions")
    ledger.note("sign out other browsers", partial(send, "/account/sessions", page, action="end_others"), status=303)
    page = get(alice, "/account/apps?stop=app")
    ledger.note("stop sharing", partial(send, "/account/apps", page), status=303)
    stay = re.search(r'data-csrf="([^"]+)"', page.text)
    assert stay is not None, page.text
    ledger.note("stay", partial(send, "/account/stay", page, csrf_token=html.unescape(stay[1])), status=204)
    ledger.note("a stranger", partial(get, Person(alice.deployment), "/account"), status=303)

    ledger.check(
        {
            "change the password": 17,
            "sign out other browsers": 7,  # whoever ends a session queues, before that, whom to tell
            # One more each: the account is held, the permission resolved by its terms, and read again under the hold,
            # so that of a double click one ends it and is told of.
            "stop sharing": 13,
            "stay": 4,
            "a stranger": 0,
        }
    )


def test_each_page_by_which_a_first_factor_is_added(either: Deployment) -> None:
    register_bank(either)
    app, ledger = register(either), Ledger()
    bob = Person(either, "bob")
    path = bob.sign_in(bob.open(app.authorization_url())).request.full_path
    page = ledger.note("enrolment page", partial(get, bob, path))
    ledger.note("enrolment", partial(post, bob, path, page, action="confirm", totp=code_on(bob, page)))

    either.add_person("carol", totp=False, offered=False)
    carol = Person(either, "carol")
    path = carol.sign_in(carol.open(app.authorization_url(scope="openid"))).request.full_path
    page = ledger.note("offer page", partial(get, carol, path))
    ledger.note("offer declined", partial(post, carol, path, page, action="later"), status=303)

    with either.database.transaction() as connection:
        link = f"/invitation?invitation={invite(connection, find_id(either, 'carol'), either.now, 3600)}"
    guest = Person(either, "carol")
    page = ledger.note("invitation page", partial(get, guest, link))
    ledger.note("invitation", partial(post, guest, link, page, new_password=NEW_PASSWORD), status=303)

    with either.database.transaction() as connection:
        codes = new_codes(os.urandom)
        replace_codes(connection, find_id(either, "alice"), codes, either.now)
    alice = Person(either)
    path = alice.sign_in(alice.open(app.authorization_url())).request.full_path.replace("/totp", "/recovery")
    page = ledger.note("recovery page", partial(get, alice, path))
    ledger.note("recovery", partial(post, alice, path, page, recovery_code=codes[0]), status=303)

    ledger.check(
        {
            "enrolment page": 2,
            "enrolment": 19,
            "offer page": 5,
            "offer declined": 5,
            "invitation page": 4,
            "invitation": 14,
            "recovery page": 1,
            "recovery": 16,
        }
    )
