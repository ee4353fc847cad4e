"""A person looks after their own account: what they see, what they change, and what of others they cannot reach."""

import html
import json
import os
import re
from itertools import product
from urllib.parse import quote

import pyotp
import pytest
from sqlalchemy import select
from werkzeug.test import TestResponse

from authserver.accounts.factors import store as factors
from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.recovery import codes as recovery
from authserver.accounts.factors.totp.factor import TOTP
from authserver.accounts.store import people
from authserver.db.engine import Database
from authserver.db.tables.accounts import accounts, recovery_codes, totp_credentials
from authserver.db.tables.accounts import passkeys as db_passkeys
from authserver.db.tables.authorization import pushed_requests
from authserver.db.tables.grants import consents
from authserver.db.tables.sessions import sessions
from authserver.db.writes import add_row
from authserver.events.catalogue import PASSKEY_RENAMED
from authserver.events.model import Event
from authserver.events.store import event_row
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import CLAIMS, ISSUER, PASSWORD, Deployment, deploy
from tests.support.details import ACCOUNTS, BANK_ACCOUNTS, text_of
from tests.support.letters import letters_of, subjects_of
from tests.support.passkeys import enrol_passkey, sign_in_with_passkey
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, register, register_bank
from tests.support.tour import arrives

NEW_PASSWORD = "seven-quiet-herons-wade"


def visit(person: Person, path: str = "/account") -> TestResponse:
    """Open a page, sign in as far as it needs, and return it."""
    page = person.open(path)
    for _ in range(5):
        if page.request.path == "/login":
            page = person.sign_in(page)
        elif page.request.path == "/login/totp":
            person.deployment.wait(30)
            page = person.enter_code(page)
        elif page.request.path == "/login/passkey":
            page = person.open(page.request.full_path.replace("/login/passkey", "/login/totp"))
    assert page.status_code == 200, page.text
    assert page.request.path.startswith("/account")
    return page


def add_passkey(person: Person, name: str, key: SoftwareKey | None = None) -> TestResponse:
    """Create a passkey on the page for it."""
    page = visit(person, "/account/passkeys")
    options = re.search(r'data-options="([^"]+)"', page.text)
    assert options is not None, page.text
    answer = (key or SoftwareKey()).register(html.unescape(options[1]))
    return person.submit("/account/passkeys", page, credential=answer, name=name)


def add_generator(person: Person) -> TestResponse:
    """Add an authenticator app on the page for it; the person's phone is the new one from then on."""
    page = visit(person, "/account/generator")
    key = re.search(r"<pre tabindex=\"0\"><code>([A-Z2-7 ]+)</code>", page.text)
    assert key is not None, page.text
    person.seed = key[1].replace(" ", "")
    return person.submit("/account/generator", page, totp=pyotp.TOTP(person.seed).at(person.deployment.now))


def account_id(deployment: Deployment, username: str) -> str:
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, username)
    assert account is not None
    return account.account_id


def passkey_ids(deployment: Deployment, username: str) -> list[str]:
    with deployment.database.read() as connection:
        return [key.passkey_id for key in passkeys.find_all(connection, account_id(deployment, username))]


def has_generator(deployment: Deployment, username: str) -> bool:
    with deployment.database.read() as connection:
        return factors.find_enrolled(connection, account_id(deployment, username)).has(TOTP)


def test_a_visitor_is_led_through_the_sign_in_and_back_without_a_consent_page(alice: Person) -> None:
    assert visit(alice).request.path == "/account"
    assert "/consent" not in alice.pages
    assert "/login/totp" in alice.pages


def test_who_has_no_strong_factor_is_told_to_add_one(deployment: Deployment) -> None:
    assert "Protect your account with more than a password" in visit(Person(deployment, "bob")).text


@pytest.mark.parametrize(("locale", "language"), [(None, "fr"), ("de-AT", "de"), ("se", "fr")])
def test_a_letter_is_in_its_persons_language_or_else_in_that_of_the_page(
    deployment: Deployment, locale: str | None, language: str
) -> None:
    deployment.add_person("carol", totp=False, claims={"email": "carol@example.com", "locale": locale})
    carol = arrives(deployment, "fr", "carol")
    add_generator(carol)
    visit(Person(deployment, "bob"))  # another page, of another person, changes nothing
    (letter,) = letters_of(deployment)
    assert letter["Content-Language"] == language
    assert {"fr": "Bonjour carol", "de": "Guten Tag carol"}[language] in letter.get_content()


def test_who_cancels_the_sign_in_is_not_sent_round_again(alice: Person) -> None:
    page = alice.open("/account")
    page = alice.submit(page.request.full_path, page, action="cancel")
    assert "Sign in to see this page" in page.text


@pytest.mark.spec("ASVS5-7.5.1")
def test_a_change_needs_a_proof_of_the_last_five_minutes(alice: Person) -> None:
    visit(alice)
    assert alice.open("/account/generator").request.path == "/account/generator"
    alice.deployment.wait(299)
    assert visit(alice).request.path == "/account"  # in use all the time, so not idle
    alice.deployment.wait(10)
    assert alice.open("/account/generator").request.path == "/login"
    assert alice.open("/account").request.path == "/account"


@pytest.mark.spec("ASVS5-6.3.7")
def test_bob_adds_a_generator_and_is_asked_for_it_from_then_on(deployment: Deployment) -> None:
    bob = Person(deployment, "bob")

    page = add_generator(bob)

    assert page.request.path == "/account/recovery-codes"  # signed in with both by now, and not asked again
    assert has_generator(deployment, "bob")
    another = Person(deployment, "bob", seed=bob.seed)
    visit(another)
    assert "/login/totp" in another.pages
    assert "An authenticator app was added" in visit(another, "/account/activity").text
    assert subjects_of(deployment) == ["Sign-in: An authenticator app was added to your account"]


def test_a_wrong_code_leaves_the_generator_unadded(deployment: Deployment) -> None:
    bob = Person(deployment, "bob")
    page = visit(bob, "/account/generator")
    again = bob.submit("/account/generator", page, totp="000000")
    assert again.status_code == 400
    assert not has_generator(deployment, "bob")


def test_another_accounts_ticket_adds_nothing(deployment: Deployment) -> None:
    deployment.add_person("mallory", totp=False)
    bob, mallory = Person(deployment, "bob"), Person(deployment, "mallory")
    seen = visit(mallory, "/account/generator")
    ticket = re.search(r'name="ticket" value="([^"]+)"', seen.text)
    key = re.search(r"<code>([A-Z2-7 ]+)</code>", seen.text)
    assert ticket is not None
    assert key is not None
    code = pyotp.TOTP(key[1].replace(" ", "")).at(deployment.now)

    bob.submit("/account/generator", visit(bob, "/account/generator"), ticket=ticket[1], totp=code)

    assert not has_generator(deployment, "bob")


@pytest.mark.spec("ASVS5-6.5.6")
def test_the_last_strong_factor_stays_and_a_spare_one_goes(alice: Person) -> None:
    deployment = alice.deployment
    page = visit(alice, "/account/methods")
    assert 'value="remove_generator"' not in page.text
    alice.submit("/account/methods", page, action="remove_generator")
    assert has_generator(deployment, "alice")

    assert add_passkey(alice, "My <phone>").request.path == "/account/recovery-codes"
    page = visit(alice, "/account/methods")
    assert "My &lt;phone&gt;" in page.text
    alice.submit("/account/methods", page, action="remove_generator")
    assert not has_generator(deployment, "alice")

    (only,) = passkey_ids(deployment, "alice")
    page = visit(alice, "/account/methods")
    alice.submit("/account/methods", page, action="remove_passkey", passkey=only)
    assert passkey_ids(deployment, "alice") == [only]
    alice.submit("/account/methods", page, action="rename", passkey=only, name="Old phone")
    assert "Old phone" in visit(alice, "/account/methods").text
    assert subjects_of(deployment) == [
        "Sign-in: A passkey was added to your account",
        "Sign-in: The authenticator app was removed from your account",
    ]


def test_a_passkeys_name_is_told_as_it_is_kept(alice: Person) -> None:
    add_passkey(alice, "\u202e" + "n" * 5000)
    (letter,) = letters_of(alice.deployment)
    assert f"\nName: {'n' * 64}\n" in letter.get_content()
    assert f"<bdi>{'n' * 64}</bdi>" in visit(alice, "/account/methods").text


@pytest.mark.spec("ASVS5-6.5.6")
def test_who_has_no_password_keeps_the_last_passkey_since_a_code_alone_signs_nobody_in(either: Deployment) -> None:
    with either.database.transaction() as connection:
        assert people.create(connection, "carol", CLAIMS, None, either.now)
    key = enrol_passkey(either, "carol")
    carol = Person(either, "carol")
    sign_in_with_passkey(carol, carol.open("/account"), key)
    add_generator(carol)
    (only,) = passkey_ids(either, "carol")

    page = carol.open("/account/methods")
    assert 'value="remove_passkey"' not in page.text
    assert "without a password" in page.text
    carol.submit("/account/methods", page, action="remove_passkey", passkey=only)
    assert passkey_ids(either, "carol") == [only]

    password = carol.open("/account/password")
    carol.submit("/account/password", password, new_password=NEW_PASSWORD)
    carol.submit("/account/methods", carol.open("/account/methods"), action="remove_passkey", passkey=only)
    assert passkey_ids(either, "carol") == []


@pytest.mark.spec("ASVS5-6.5.6", "WEBAUTHN-6.1.1")
def test_a_closed_passkey_stays_until_another_protects_the_account(either: Deployment) -> None:
    enrol_passkey(either, "bob")
    (closed,) = passkey_ids(either, "bob")
    code, *_ = codes = recovery.new_codes(os.urandom)
    with either.database.transaction() as connection:
        recovery.replace_codes(connection, account_id(either, "bob"), codes, either.now)
        assert passkeys.disable(connection, closed, either.now)
    bob = Person(either, "bob")
    asked = bob.sign_in(bob.open("/account/methods"))
    page = bob.submit(asked.request.full_path, asked, recovery_code=code)

    assert page.request.path == "/account/methods"
    bob.submit("/account/methods", page, action="remove_passkey", passkey=closed)
    assert passkey_ids(either, "bob") == [closed], "what is left would be a password and paper that runs out"
    add_passkey(bob, "New key")
    page = bob.open("/account/methods")
    bob.submit("/account/methods", page, action="remove_passkey", passkey=closed)
    assert closed not in passkey_ids(either, "bob")


@pytest.mark.spec("ASVS5-8.2.2")
def test_nobody_reaches_anothers_passkey_or_session(deployment: Deployment, alice: Person) -> None:
    add_passkey(alice, "Phone")
    (hers,) = passkey_ids(deployment, "alice")
    sessions = visit(Person(deployment), "/account/sessions").text
    deployment.add_person("mallory", totp=True)
    mallory = Person(deployment, "mallory")
    page = visit(mallory, "/account/methods")
    add_passkey(mallory, "Mine")

    for action in ("rename", "remove_passkey"):
        mallory.submit("/account/methods", page, action=action, passkey=hers, name="Taken")
    found = re.search(r'name="session" value="([^"]+)"', sessions)
    assert found is not None
    mallory.submit("/account/sessions", visit(mallory, "/account/sessions"), action="end", session=found[1])

    assert passkey_ids(deployment, "alice") == [hers]
    assert "Phone" in visit(alice, "/account/methods").text
    assert alice.open("/account/sessions").request.path == "/account/sessions"


def kept(deployment: Deployment) -> list[object]:
    """Return everything that a form of the own account could change."""
    tables = (accounts, db_passkeys, totp_credentials, recovery_codes, consents)
    with deployment.database.read() as connection:
        rows = [connection.execute(select(table)).all() for table in tables]
        return [*rows, connection.execute(select(sessions.c.session_id, sessions.c.factors, sessions.c.ended_at)).all()]


@pytest.mark.spec("RFC9700-4.7", "ASVS5-7.2.1")
def test_no_form_of_the_own_account_takes_a_post_that_is_not_from_its_page(alice: Person) -> None:
    deployment, mallory = alice.deployment, Person(alice.deployment, "bob")
    add_passkey(alice, "Phone")
    foreign = re.search(r'name="csrf_token" value="([^"]+)"', visit(mallory, "/account/password").text)
    own = re.search(r'name="csrf_token" value="([^"]+)"', alice.open("/account/password").text)
    assert foreign is not None
    assert own is not None
    paths = {rule.rule for rule in deployment.app.url_map.iter_rules() if "POST" in (rule.methods or ())}
    paths = {path for path in paths if path.startswith("/account") or path == "/logout"}
    assert len(paths) == 9, "a form that is new here is tried by name"
    actions = ("rename", "remove_passkey", "remove_generator", "end_others", "cancel", "")
    ways: tuple[tuple[dict[str, str], str], ...] = (
        ({}, ISSUER),
        ({"csrf_token": foreign[1]}, ISSUER),
        ({"csrf_token": own[1]}, "https://elsewhere.example"),
    )
    before = kept(deployment)

    for path, action, (token, origin) in product(paths, actions, ways):
        (only,) = passkey_ids(deployment, "alice")
        fields = {**token, "action": action, "passkey": only, "name": "Taken", "new_password": NEW_PASSWORD}
        answer = alice.browser.post(path, data=fields, base_url=ISSUER, headers={"Origin": origin})
        assert (answer.status_code, answer.headers.getlist("Set-Cookie")) == (400, []), (path, fields)

    assert kept(deployment) == before


@pytest.mark.spec("ASVS5-6.5.3")
def test_recovery_codes_are_shown_once(alice: Person) -> None:
    assert "0 codes are left" not in visit(alice, "/account/methods").text
    page = visit(alice, "/account/recovery-codes")
    made = alice.submit("/account/recovery-codes", page)
    codes = re.findall(r"<li><code>([0-9A-Z-]+)</code></li>", made.text)
    assert len(codes) == 10
    later = visit(alice, "/account/recovery-codes").text
    assert "10 codes are left" in later
    assert not any(code in later for code in codes)


def test_no_recovery_codes_without_something_to_recover(deployment: Deployment) -> None:
    assert visit(Person(deployment, "bob"), "/account/recovery-codes").request.path == "/account/methods"


@pytest.mark.spec("ASVS5-6.2.3")
def test_a_password_is_changed_by_who_knows_the_present_one(deployment: Deployment) -> None:
    bob = Person(deployment, "bob")
    page = visit(bob, "/account/password")
    for wrong in (
        {"password": "wrong", "new_password": NEW_PASSWORD},
        {"password": PASSWORD, "new_password": "12345678"},
    ):
        assert bob.submit("/account/password", page, **wrong).status_code == 400
    done = bob.submit("/account/password", page, password=PASSWORD, new_password=NEW_PASSWORD)
    assert done.request.path == "/account/methods"
    assert visit(Person(deployment, "bob", password=NEW_PASSWORD)).request.path == "/account"


@pytest.mark.spec("ASVS5-7.4.3", "ASVS5-7.5.2")
def test_after_a_change_the_other_browsers_can_be_signed_out(deployment: Deployment) -> None:
    bob, elsewhere = Person(deployment, "bob"), Person(deployment, "bob")
    visit(elsewhere)
    page = visit(bob, "/account/password")
    offered = bob.submit("/account/password", page, password=PASSWORD, new_password=NEW_PASSWORD)
    assert "You changed how you sign in" in offered.text
    bob.submit("/account/sessions", offered, action="end_others")
    assert elsewhere.open("/account").request.path == "/login"
    assert bob.open("/account").request.path == "/account"


@pytest.mark.spec("ASVS5-10.7.3")
def test_sharing_that_is_stopped_ends_the_apps_tokens(app: RelyingParty, alice: Person) -> None:
    tokens = app.redeem(code_of(alice.approve(app.authorization_url()))).json
    listed = visit(alice, "/account/apps")
    assert "Your accounts" in listed.text
    asked = visit(alice, f"/account/apps?stop={quote(app.client_id)}")

    alice.submit("/account/apps", asked)

    assert app.userinfo(tokens["access_token"]).status_code == 401
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert "No app uses your data" in visit(alice, "/account/apps").text


def test_a_persons_data_is_theirs_to_take_and_holds_no_secret(app: RelyingParty, alice: Person) -> None:
    alice.approve(app.authorization_url())
    document = json.loads(visit(alice, "/account/data").text)
    assert document["account"]["claims"]["email"] == "alice@example.com"
    assert document["connected_apps"][0]["client_id"] == app.client_id
    assert not {"password_hash", "sealed_seed", "session_hash"} & set(re.findall(r'"([a-z_]+)":', json.dumps(document)))


@pytest.mark.parametrize("many", [0, 999, 1_000, 12_345])
def test_a_person_takes_every_activity_along_however_many(alice: Person, many: int) -> None:
    whose, now = account_id(alice.deployment, "alice"), alice.deployment.now
    visit(alice, "/account")
    with alice.deployment.database.transaction() as connection:
        for number in range(many):
            add_row(
                connection, event_row(Event(PASSKEY_RENAMED, now - number // 7, subject=whose, thing=f"key-{number}"))
            )
    taken = json.loads(alice.open("/account/data").text)["activities"]
    assert {each["detail"] for each in taken if each["detail"].startswith("key-")} == {f"key-{n}" for n in range(many)}
    assert len(taken) == len({json.dumps(each) for each in taken}) or many == 0
    assert [each["happened_at"] for each in taken] == sorted((each["happened_at"] for each in taken), reverse=True)


def test_a_page_in_use_can_be_kept_alive(alice: Person) -> None:
    page = visit(alice)
    token = re.search(r'data-csrf="([^"]+)"', page.text)
    assert token is not None
    alice.deployment.wait(250)
    kept = alice.browser.post("/account/stay", data={"csrf_token": token[1]}, base_url="https://localhost:8443")
    assert (kept.status_code, kept.headers["X-Seconds-Left"]) == (204, "300")
    alice.deployment.wait(250)
    assert alice.open("/account").request.path == "/account"
    alice.deployment.wait(300)
    assert alice.open("/account").request.path == "/login"


def test_older_activity_is_on_the_pages_that_follow(alice: Person) -> None:
    whose, now = account_id(alice.deployment, "alice"), alice.deployment.now
    with alice.deployment.database.transaction() as connection:
        for number in range(230):
            add_row(connection, event_row(Event(PASSKEY_RENAMED, now - number, subject=whose, thing=f"key-{number}")))
    first = visit(alice, "/account/activity")
    assert ('id="newer"' in first.text, 'id="older"' in first.text) == (False, True)
    second, third = (alice.open(f"/account/activity?page={number}") for number in (2, 3))
    shown = [set(re.findall(r"key-\d+", page.text)) for page in (first, second, third)]
    assert set().union(*shown) == {f"key-{number}" for number in range(230)}
    assert sum(map(len, shown)) == 230  # none twice
    assert ('id="newer"' in third.text, 'id="older"' in third.text) == (True, False)
    for odd in ("0", "-1", "999", "4000", "\u0661", "x", "9" * 400):
        assert alice.browser.get("/account/activity", query_string={"page": odd}, base_url=ISSUER).text.count("key-")


def test_the_last_page_of_activity_says_where_older_entries_are(alice: Person) -> None:
    whose, now = account_id(alice.deployment, "alice"), alice.deployment.now
    with alice.deployment.database.transaction() as connection:
        for number in range(10_001):
            add_row(connection, event_row(Event(PASSKEY_RENAMED, now - number, subject=whose, thing=f"key-{number}")))
    visit(alice, "/account/activity")
    before, last = (alice.open(f"/account/activity?page={number}").text for number in (99, 100))
    assert ('id="older"' in before, "Older activity is not listed here" in before) == (True, False)
    assert ('id="older"' in last, "Older activity is not listed here" in last) == (False, True)
    assert re.search(r'Older activity is not listed here[^<]*</p>\s*<p class="links"><a href="/account/data">', last)


@pytest.mark.spec("ASVS5-2.4.1")
def test_a_stranger_at_the_account_pages_is_counted_before_anything_is_stored(
    sqlite_database: Database, sqlite_url: str
) -> None:
    deployment = deploy(sqlite_database, sqlite_url, limit_authorize_address="3/minute")
    stranger = deployment.app.test_client()
    answers = [stranger.get("/account", base_url=ISSUER).status_code for _ in range(5)]
    assert answers == [303, 303, 303, 429, 429]
    with deployment.database.read() as connection:
        assert connection.execute(select(pushed_requests.c.client_id)).all() == []  # who is not known stores nothing
    addresses = [("/account", "2001:db8::1"), *(("/authorize", f"2001:db8::{number}") for number in range(2, 5))]
    visits = [stranger.get(path, base_url=ISSUER, environ_base={"REMOTE_ADDR": one}) for path, one in addresses]
    assert [visit.status_code for visit in visits] == [303, 400, 400, 429]  # one subscriber, whatever the address


def test_no_client_can_be_the_account_page(app: RelyingParty) -> None:
    refused = app.send("/par", {"client_id": "authserver-account", "response_type": "none"})
    assert refused.status_code == 401
    plain = app.send("/authorize?client_id=authserver-account&response_type=none&redirect_uri=https://evil.example/")
    assert plain.status_code == 400
    assert "Location" not in plain.headers


def test_an_app_is_listed_with_the_accounts_it_may_see(deployment: Deployment) -> None:
    register_bank(deployment)
    app = register(deployment, authorization_details_types=["account_information"])
    deployment.add_person("carol", totp=True, claims={**CLAIMS, "bank_accounts": BANK_ACCOUNTS})
    carol = Person(deployment, "carol")
    page = carol.open(app.authorization_url(scope="openid", authorization_details=text_of(ACCOUNTS)))
    page = carol.enter_code(carol.sign_in(page))
    iban = re.search(r'name="accounts-0" value="([^"]+)"', page.text)
    assert iban is not None, page.text
    carol.submit(page.request.full_path, page, decision="approve", **{"accounts-0": iban[1]})
    shown = re.sub(r"\s", "", visit(carol, "/account/apps").text)
    assert iban[1] in shown
