"""Passkeys through the pages: as the second factor, alone, and refused."""

import json

import pytest
from werkzeug.test import TestResponse

from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.store import find_enrolled
from authserver.accounts.store import people
from authserver.events.store import find_recent
from authserver.protocol.names import ACR_PHISHING_RESISTANT, ACR_TWO_FACTORS
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment
from tests.support.letters import subjects_of
from tests.support.login_app import page_of
from tests.support.passkeys import enrol_passkey, options_on, sign_in_with_passkey, use_passkey
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, claims_of, register, register_bank

ACCOUNTS = {"scope": "openid accounts"}
COPY_FOUND = "Sign-in: A passkey of your account was blocked, because there may be a copy of it"
SIGN_IN_PAGE = "/login/passkey/sign-in"


def at_the_passkey_page(app: RelyingParty, person: Person, **changes: object) -> TestResponse:
    """Go as far as the page that asks for a passkey after the password."""
    return person.sign_in(person.open(app.authorization_url(**{**ACCOUNTS, **changes})))


def at_the_code_page(person: Person) -> str:
    """Go to the own account with the password, and return where a code is taken in place of the passkey."""
    page = person.sign_in(person.open("/account"))
    return page.request.full_path.replace("/login/passkey", "/login/totp")


def claims_after(app: RelyingParty, person: Person, consent: TestResponse) -> dict[str, object]:
    """Allow everything and return the claims of the ID token."""
    assert page_of(consent) == "/consent", consent.text
    return claims_of(app.redeem(code_of(person.decide(consent, "approve").headers["Location"])).json["id_token"])


@pytest.mark.spec("RTS-SCA-4.1", "RFC8176-2", "WEBAUTHN-7.2")
@pytest.mark.parametrize(
    ("key", "acr", "amr"),
    [
        (SoftwareKey(), ACR_PHISHING_RESISTANT, ["pwd", "hwk", "user", "mfa"]),
        (SoftwareKey(synced=True), ACR_PHISHING_RESISTANT, ["pwd", "swk", "user", "mfa"]),
        (SoftwareKey(verifies=False), ACR_TWO_FACTORS, ["pwd", "hwk", "user", "mfa"]),
        (SoftwareKey(verifies=False, synced=True, count=7), ACR_TWO_FACTORS, ["pwd", "swk", "user", "mfa"]),
    ],
    ids=["device-bound", "synced", "unverified", "synced, unverified"],
)
def test_a_password_and_a_passkey_are_two_factors_and_tokens_say_which(
    app: RelyingParty, alice: Person, key: SoftwareKey, acr: str, amr: list[str]
) -> None:
    enrol_passkey(alice.deployment, "alice", key)
    page = at_the_passkey_page(app, alice)
    assert page_of(page) == "/login/passkey"
    assert "/login/totp?interaction=" in page.text, "the authenticator app remains another way"
    claims = claims_after(app, alice, use_passkey(alice, page, key))
    assert (claims["acr"], claims["amr"]) == (acr, amr)
    assert {"sign_in.succeeded", "second_factor.succeeded"} <= set(alice.deployment.event_names())


@pytest.mark.spec("RFC9470-5")
def test_another_way_than_the_passkey_is_open_to_a_person_who_has_one(app: RelyingParty, alice: Person) -> None:
    enrol_passkey(alice.deployment, "alice")
    page = at_the_passkey_page(app, alice)
    code_page = alice.open(page.request.full_path.replace("/login/passkey?", "/login/totp?"))
    assert claims_after(app, alice, alice.enter_code(code_page))["amr"] == ["pwd", "otp", "mfa"]


@pytest.mark.spec("RTS-SCA-4.1", "WEBAUTHN-7.2")
@pytest.mark.parametrize("synced", [False, True])
def test_a_passkey_alone_signs_in_whoever_has_one(app: RelyingParty, alice: Person, *, synced: bool) -> None:
    key = enrol_passkey(alice.deployment, "alice", SoftwareKey(synced=synced))
    login = alice.open(app.authorization_url(**ACCOUNTS))
    assert json.loads(options_on(login))["allowCredentials"] == []
    claims = claims_after(app, alice, sign_in_with_passkey(alice, login, key))
    assert claims["acr"] == ACR_PHISHING_RESISTANT
    assert claims["amr"] == (["swk", "user", "mfa"] if synced else ["hwk", "user", "mfa"])


@pytest.mark.spec("RTS-SCA-4.1")
@pytest.mark.parametrize(
    "changes", [{"verifies": False}, {"user_handle": None}, {"user_handle": b"somebody else"}], ids=str
)
def test_a_passkey_alone_must_verify_its_user_and_name_its_account(
    app: RelyingParty, alice: Person, changes: dict[str, object]
) -> None:
    key = enrol_passkey(alice.deployment, "alice")
    for name, value in changes.items():
        setattr(key, name, value)
    refused = sign_in_with_passkey(alice, alice.open(app.authorization_url(**ACCOUNTS)), key)
    assert (refused.status_code, refused.request.path) == (400, SIGN_IN_PAGE)
    assert "That did not work." in refused.text
    assert alice.deployment.event_names()[-1] == "sign_in.failed"


@pytest.mark.spec("RFC9470-5", "OIDC-UNMET-AUTH-2")
def test_a_request_for_phishing_resistance_takes_a_passkey_and_nothing_less(app: RelyingParty, alice: Person) -> None:
    demand = {"acr_values": ACR_PHISHING_RESISTANT}
    without = at_the_passkey_page(app, alice, **demand)
    assert "error=unmet_authentication_requirements" in without.headers["Location"]
    key = enrol_passkey(alice.deployment, "alice", SoftwareKey(verifies=False))
    page = alice.open(app.authorization_url(**ACCOUNTS, **demand))
    assert page_of(page) == "/login/passkey"
    assert json.loads(options_on(page))["userVerification"] == "required"
    assert "/login/totp" not in page.text
    refused = use_passkey(alice, page, key)
    assert refused.status_code == 400
    key.verifies = True
    assert claims_after(app, alice, use_passkey(alice, refused, key))["acr"] == ACR_PHISHING_RESISTANT


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22", "ASVS5-6.3.5")
def test_a_copied_passkey_is_refused_reported_and_closed_for_its_owner_too(
    either: Deployment,
) -> None:
    register_bank(either)
    app = register(either)
    key = enrol_passkey(either, "bob", SoftwareKey(count=10))
    copy = SoftwareKey(
        count=5, credential_id=key.credential_id, user_handle=key.user_handle, private_key=key.private_key
    )
    bob = Person(either, "bob")
    page = use_passkey(bob, at_the_passkey_page(app, bob), copy)
    assert page.status_code == 400
    assert "passkey.clone_suspected" in either.event_names()
    assert "cannot be used any more" in page.text
    with either.database.read() as connection:
        account = people.find_by_username(connection, "bob")
        assert account is not None
        [closed] = passkeys.find_all(connection, account.account_id)
        enrolled = find_enrolled(connection, account.account_id)
        noted = [row.name for row in find_recent(connection, account.account_id, either.now, 10)]
    assert "passkey_closed" in noted
    assert subjects_of(either) == [COPY_FOUND]
    assert (enrolled.has(PASSKEY), enrolled.closed_passkey, enrolled.has_second_factor) == (False, True, True)
    assert closed.disabled_at == either.now
    again = Person(either, "bob")
    sign_in = sign_in_with_passkey(again, again.open(app.authorization_url(**ACCOUNTS)), key)
    assert sign_in.status_code == 400
    assert either.event_names().count("passkey.clone_suspected") == 1
    assert subjects_of(either) == [COPY_FOUND]


def test_the_log_says_what_was_wrong_with_an_answer_and_the_page_does_not(either: Deployment) -> None:
    key = enrol_passkey(either, "alice")
    alice = Person(either)
    for kind, reason in {"webauthn.create": "webauthn.create", "\ud800": "\\ud800"}.items():
        page = sign_in_with_passkey(alice, alice.open("/account"), key, type=kind)
        assert page.status_code == 400
        assert "webauthn" not in page.text
        failed = either.events[-1]
        assert (failed.name, failed.detail["outcome"]) == ("sign_in.failed", "refused")
        assert reason in failed.detail["reason"]
        assert failed.detail["reason"].isascii(), "the log takes no lone surrogate"


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22", "ASVS5-7.4.1")
def test_who_came_in_with_the_copy_is_out_once_it_is_found_out(either: Deployment) -> None:
    key = enrol_passkey(either, "alice", SoftwareKey(count=10))
    copy = SoftwareKey(
        count=11, credential_id=key.credential_id, user_handle=key.user_handle, private_key=key.private_key
    )
    thief, alice, elsewhere = (Person(either) for _ in range(3))
    assert sign_in_with_passkey(thief, thief.open("/account"), copy).request.path == "/account"
    elsewhere.enter_code(elsewhere.open(at_the_code_page(elsewhere)))
    assert elsewhere.open("/account").request.path == "/account"

    assert sign_in_with_passkey(alice, alice.open("/account"), key).status_code == 400

    assert thief.open("/account").request.path == "/login"
    assert elsewhere.open("/account").request.path == "/account", "what rests on other factors goes on"


@pytest.mark.spec("RTS-SCA-4.1")
def test_who_lost_the_only_passkey_to_a_suspicion_is_not_led_to_make_another_on_a_password(
    app: RelyingParty, deployment: Deployment
) -> None:
    key = enrol_passkey(deployment, "bob", SoftwareKey(count=3))
    bob = Person(deployment, "bob")
    page = at_the_passkey_page(app, bob)
    key.count = 1
    use_passkey(bob, page, key)
    answer = bob.open(page.request.full_path)
    assert "error=unmet_authentication_requirements" in answer.headers["Location"]
