"""Pages that help a person on: the bare address, no page, an old invitation, the way out of a sign-in."""

import re

import pytest
from flask.testing import FlaskClient

from authserver.accounts.invitations import invite
from authserver.db.engine import Database
from tests.flows.test_account import add_passkey, visit
from tests.flows.test_invitation import invited
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment, deploy
from tests.support.passkeys import options_on
from tests.support.person import Person
from tests.support.relying_party import RelyingParty, register, register_bank

CHECKED = {"checked_by": "eIDAS register", "checked_on": "2026-11-30"}
UNCHECKED = "No one has checked this app"


def test_the_bare_address_and_no_page_speak_of_themselves_and_lead_to_the_account(deployment: Deployment) -> None:
    person = Person(deployment)
    front, nowhere = person.open("/"), person.open("/nowhere")
    assert (front.status_code, nowhere.status_code) == (200, 404)
    assert "This is where you sign in" in front.text
    assert "There is no page here" in nowhere.text
    for page in (front, nowhere):
        assert 'href="/account"' in page.text
        assert "Authorization error" not in page.text
        assert "Nothing was shared" not in page.text
    assert "not_found" in nowhere.text


def test_a_used_invitation_says_so_and_leads_to_the_account(deployment: Deployment) -> None:
    account_id = deployment.add_person("dora", totp=False)
    with deployment.database.transaction() as connection:
        invitation = invite(connection, account_id, deployment.now, 3600)
    dora = Person(deployment, "dora")
    page = dora.open(f"/invitation?invitation={invitation}")
    dora.submit(page.request.full_path, page, new_password="seven-quiet-herons-wade")
    used = dora.open(page.request.full_path)
    assert used.status_code == 400
    assert "This invitation no longer works" in used.text
    assert 'href="/account"' in used.text
    for words in ("Authorization error", "This sign-in has ended", "app you came from"):
        assert words not in used.text


def test_every_step_of_a_sign_in_has_a_way_out(app: RelyingParty, alice: Person) -> None:
    page = alice.open(app.authorization_url(scope="openid accounts"))
    assert "I cannot sign in" in page.text
    page = alice.sign_in(page)
    assert "I do not have my phone" in page.text
    assert "They never ask for your password or a code" in page.text


def test_codes_can_be_kept_without_a_script_and_nothing_of_them_is_stored(alice: Person) -> None:
    made = alice.submit("/account/recovery-codes", visit(alice, "/account/recovery-codes"))
    assert made.text.count("<li><code>") == 10
    assert 'download="recovery-codes.txt" href="data:text/plain' in made.text
    assert made.headers["Cache-Control"] == "no-store"


def test_who_has_a_passkey_alone_is_not_urged_to_make_codes(deployment: Deployment) -> None:
    path = invited(deployment)
    dora = Person(deployment, "carol")
    page = dora.open(path)
    key = SoftwareKey()
    page = dora.submit(path, page, action="passkey", credential=key.register(options_on(page)))
    assert page.request.path.startswith("/account")
    overview, methods = dora.open("/account").text, dora.open("/account/methods").text
    assert "Create recovery codes" not in overview
    assert "Create new recovery codes" not in methods
    assert "A recovery code works only after a password" in methods


def test_a_passkey_that_was_added_is_said_to_be_and_no_link_from_elsewhere_can_say_so(alice: Person) -> None:
    assert "Your passkey was added" in add_passkey(alice, "Phone").text
    forged = alice.open("/account/methods?done=passkey_added&seal=AAAA")
    assert forged.status_code == 200
    assert "Your passkey was added" not in forged.text


@pytest.mark.spec("ASVS5-10.4.7")
@pytest.mark.parametrize(
    ("members", "setting", "shown"),
    [
        ({}, "", UNCHECKED),
        ({}, "Harbour Bank", "Checked by Harbour Bank"),
        (CHECKED, "", "Checked by eIDAS register on 30 November 2026"),
        (CHECKED, "Bank", "Checked by eIDAS register on"),
        ({"checked_by": ""}, "Harbour Bank", UNCHECKED),
    ],
)  # fmt: skip
def test_a_page_says_who_checked_an_app_and_warns_of_the_exception_alone(
    sqlite_database: Database, sqlite_url: str, members: dict[str, str], setting: str, shown: str
) -> None:
    deployment = deploy(sqlite_database, sqlite_url, apps_checked_by=setting)
    register_bank(deployment)
    page = Person(deployment).open(register(deployment, **members).authorization_url())
    assert shown in page.text
    assert (UNCHECKED in page.text) == (shown == UNCHECKED)


def test_activity_says_which_browser_signed_in_and_what_to_do_where_it_was_not_you(alice: Person) -> None:
    visit(alice)
    page = alice.open("/account/activity")
    assert "with a password" in page.text
    assert "Something here was not me" in page.text
    for path in ("/account/sessions", "/account/password", "/account/methods", "/account/apps"):
        assert f'<li><a href="{path}"' in page.text
    assert re.search(r'<time datetime="\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ">[^<]+ UTC</time>', page.text)
    mallory = Person(alice.deployment)
    assert isinstance(mallory.browser, FlaskClient)
    mallory.browser.environ_base["HTTP_USER_AGENT"] = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0"
    mallory.sign_in(mallory.open("/account"))
    assert "Firefox on Linux" in alice.open("/account/activity").text


def test_activity_tells_both_factors_of_a_sign_in(alice: Person) -> None:
    visit(alice)
    latest, first = entries(alice)[:2]
    assert "You used a second factor" in latest
    assert "with a code from an authenticator app" in latest
    assert "You signed in" in first
    assert "with a password" in first
    alice.deployment.wait(1)
    mallory = Person(alice.deployment)
    assert "That did not work" in mallory.enter_code(mallory.sign_in(mallory.open("/account")), "000000").text
    assert "You signed in" in entries(alice)[0], "what was refused is no second factor"


def test_a_passkey_after_a_password_is_told_too(alice: Person) -> None:
    key = SoftwareKey()
    add_passkey(alice, "Phone", key)
    alice.deployment.wait(1)
    dora = Person(alice.deployment)
    page = dora.sign_in(dora.open("/account"))
    assert page.request.path == "/login/passkey"
    dora.submit(page.request.full_path, page, action="passkey", credential=key.sign(options_on(page)))
    told = [entry for entry in entries(alice)[:2] if "You used a second factor" in entry]
    assert len(told) == 1
    assert "with a passkey" in told[0]


def test_the_passkey_is_offered_with_the_weight_of_the_password_and_only_where_scripts_run(alice: Person) -> None:
    page = alice.open("/account")
    assert re.search(r'<button id="use-passkey" type="submit" class="primary"', page.text)
    assert re.search(r'<button id="submit" type="submit" class="primary"', page.text)
    assert re.search(r'<form method="post" action="[^"]+" data-passkey="get"[^>]+ hidden>', page.text)


def entries(person: Person) -> list[str]:
    """Return what the activity page says, each entry for itself."""
    return re.findall(r"<li>\s*<p class=\"cluster-title\">.*?</li>", person.open("/account/activity").text, re.DOTALL)
