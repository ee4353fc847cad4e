"""Each thing that a person allowed an app is shown for itself, and ends for itself."""

import re
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from authserver.db.tables.grants import consents, grants
from authserver.grants.store.sharing import end_one, find_permissions
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import ISSUER, Deployment
from tests.support.letters import subjects_of
from tests.support.passkeys import enrol_passkey
from tests.support.payment_pages import approve_with, at_payment, register_paying_app
from tests.support.payment_proofs import MANDATE
from tests.support.person import HIDDEN, Person, code_of
from tests.support.races import at_once
from tests.support.relying_party import RelyingParty, answer_of

_OF_DATA = "Stop sharing"
_OF_PAYMENTS = "Stop these payments"


@pytest.fixture
def app(either: Deployment) -> RelyingParty:
    """An app that may ask for payments to come, and for accounts."""
    return register_paying_app(either)


@pytest.fixture
def key(app: RelyingParty) -> SoftwareKey:
    """Alice's passkey."""
    return enrol_passkey(app.deployment, "alice")


@pytest.fixture
def alice(app: RelyingParty) -> Person:
    """Someone with a password, a generator and a passkey."""
    return Person(app.deployment)


def allow_both(app: RelyingParty, alice: Person, key: SoftwareKey) -> tuple[Any, Any]:
    """Allow payments to come, then a look at data; return the tokens of each."""
    way_out = approve_with(alice, at_payment(app, alice, MANDATE), key)
    payments = app.redeem(code_of(way_out.headers["Location"])).json
    alice.deployment.wait(1)
    return payments, app.redeem(code_of(alice.approve(app.authorization_url(scope="openid accounts")))).json


def permissions(alice: Person) -> dict[str, str]:
    """Return the addresses on the page of connected apps, by what their button says."""
    page = alice.open("/account/apps")
    found = re.findall(r'href="(/account/apps\?permission=[^"]+)">\s*([^<]+)', page.text)
    return {label.strip(): address for address, label in found}


def stop(alice: Person, address: str) -> None:
    """Stop what an address is for."""
    page = alice.open(address)
    assert page.status_code == 200, page.text
    alice.submit("/account/apps", page)


@pytest.mark.spec("ASVS5-10.7.3", "RFC7009-2.1")
@pytest.mark.parametrize("ended", [_OF_DATA, _OF_PAYMENTS])
def test_ending_one_permission_leaves_the_others(
    app: RelyingParty, alice: Person, key: SoftwareKey, ended: str
) -> None:
    payments, data = allow_both(app, alice, key)
    found = permissions(alice)
    assert set(found) == {_OF_DATA, _OF_PAYMENTS}

    stop(alice, found[ended])

    answers = {_OF_DATA: app.refresh(data["refresh_token"]), _OF_PAYMENTS: app.refresh(payments["refresh_token"])}
    assert {name for name, answer in answers.items() if answer.status_code == 200} == {_OF_DATA, _OF_PAYMENTS} - {ended}
    assert answers[ended].json["error"] == "invalid_grant"
    assert set(permissions(alice)) == {_OF_DATA, _OF_PAYMENTS} - {ended}
    activity = alice.open("/account/activity").text
    said = "You stopped payments by an app" if ended == _OF_PAYMENTS else "You stopped sharing with an app"
    assert said in activity
    letter = "You stopped payments by an app" if ended == _OF_PAYMENTS else "You stopped sharing data with an app"
    assert any(letter in subject for subject in subjects_of(alice.deployment))


def test_payments_to_come_are_shown_with_their_limits_their_end_and_words_of_payments(
    app: RelyingParty, alice: Person, key: SoftwareKey
) -> None:
    allow_both(app, alice, key)
    shown = alice.open("/account/apps").text
    for text in ("€50.00", "Power and Light", "In one month at most", "€120.00", "Last day", "31 January 2030"):
        assert text in shown
    asked = alice.open(permissions(alice)[_OF_PAYMENTS]).text
    assert "can make no more of these payments" in asked
    assert "What is already paid stays paid" in asked
    assert "can no longer use your data" not in asked
    assert "€50.00" in asked
    assert "stays allowed" in asked, "what else is allowed"
    assert "can make no more of these payments" not in alice.open(permissions(alice)[_OF_DATA]).text


def test_limits_whose_last_day_is_over_are_no_permission_any_more(
    app: RelyingParty, alice: Person, key: SoftwareKey
) -> None:
    approve_with(alice, at_payment(app, alice, {**MANDATE, "validUntil": "2027-03-08"}), key)
    with app.deployment.database.read() as connection:
        ends = [row.expires_at for row in connection.execute(select(grants.c.expires_at))]
    app.deployment.wait(max(ends) - app.deployment.now)
    page = alice.open("/account/apps")
    page = alice.sign_in(page) if page.request.path == "/login" else page
    assert "Power and Light" not in page.text


def test_everything_of_an_app_is_stopped_at_once_and_said_so_first(
    app: RelyingParty, alice: Person, key: SoftwareKey
) -> None:
    payments, data = allow_both(app, alice, key)
    asked = alice.open(f"/account/apps?stop={app.client_id}")
    assert "can make no more of these payments" in asked.text
    assert "can no longer use your data" in asked.text
    ended = alice.submit("/account/apps", asked)
    assert "Everything that the app was allowed was stopped" in ended.text
    for tokens in (payments, data):
        assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert len([each for each in subjects_of(alice.deployment) if "You stopped" in each]) == 2


@pytest.mark.spec("ASVS5-8.2.2", "ASVS5-10.7.3")
def test_another_persons_permission_is_not_found_and_stands(app: RelyingParty, alice: Person, key: SoftwareKey) -> None:
    tokens = allow_both(app, alice, key)
    address = permissions(alice)[_OF_DATA]
    mallory = Person(app.deployment, "bob")
    mallory.sign_in(mallory.open("/account/apps"))
    own = mallory.open("/account/apps")
    assert own.request.path == "/account/apps"

    assert mallory.open(address).status_code == 404
    with app.deployment.database.read() as connection:
        theirs = [row.consent_id for row in connection.execute(select(consents.c.consent_id))]
    page = mallory.open("/account/sessions")
    wrong_purpose = dict(HIDDEN.findall(page.text)) or dict(HIDDEN.findall(mallory.open("/account/methods").text))
    for permission in theirs:
        answer = mallory.browser.post(
            "/account/apps",
            data={**wrong_purpose, "permission": permission},
            base_url=ISSUER,
            headers={"Origin": ISSUER},
        )
        assert answer.status_code in {400, 404}
    for each in tokens:
        assert app.refresh(each["refresh_token"]).status_code == 200


@pytest.mark.spec("ASVS5-10.7.3")
def test_what_was_allowed_again_is_one_permission_and_ends_as_one(app: RelyingParty, alice: Person) -> None:
    first = app.redeem(code_of(alice.approve(app.authorization_url(scope="openid accounts")))).json
    app.deployment.wait(60)
    again = alice.open(app.authorization_url(scope="openid accounts", prompt="consent"))
    second = app.redeem(code_of(alice.decide(again, "approve").headers["Location"])).json
    found = permissions(alice)
    assert len(found) == 1
    stop(alice, found[_OF_DATA])
    for tokens in (first, second):
        assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    silent = alice.open(app.authorization_url(scope="openid accounts", prompt="none"))
    assert answer_of(silent.headers["Location"])["error"] == "consent_required"


@pytest.mark.spec("ASVS5-10.7.3", "RFC7009-2.1")
def test_no_refresh_and_no_silent_answer_outlives_the_end_of_its_permission(app: RelyingParty, alice: Person) -> None:
    deployment = app.deployment
    for _ in range(3):
        deployment.wait(30)
        tokens = app.redeem(code_of(alice.approve(app.authorization_url(scope="openid accounts")))).json
        url = app.authorization_url(scope="openid accounts", prompt="none")
        with deployment.database.read() as connection:
            [account_id] = set(connection.execute(select(consents.c.account_id)).scalars())
            [permission] = find_permissions(connection, account_id, deployment.now)

        def end(account_id: str = account_id, permission_id: str = permission.permission_id) -> bool:
            with deployment.database.transaction() as connection:
                return end_one(connection, account_id, permission_id, "test", deployment.now)

        acts: list[Callable[[], object]] = [
            end,
            partial(app.refresh, tokens["refresh_token"]),
            partial(alice.open, url),
        ]
        ended, refreshed, silent = at_once(acts)
        assert ended is True
        if getattr(refreshed, "status_code", 0) == 200:
            assert app.userinfo(refreshed.json["access_token"]).status_code == 401  # type: ignore[attr-defined]
        answer = answer_of(silent.headers["Location"]) if "Location" in silent.headers else {}  # type: ignore[attr-defined]
        if "code" in answer:
            assert app.redeem(answer["code"]).json.get("error") == "invalid_grant"
        with deployment.database.read() as connection:
            standing = connection.execute(select(grants.c.grant_id).where(grants.c.revoked_at.is_(None))).all()
        assert standing == []


@pytest.mark.parametrize("parts", ["permission", "stop"])
def test_a_double_click_ends_and_tells_once_and_leads_to_the_list(app: RelyingParty, alice: Person, parts: str) -> None:
    app.redeem(code_of(alice.approve(app.authorization_url(scope="openid accounts"))))
    [address] = permissions(alice).values()
    page = alice.open(address if parts == "permission" else "/account/apps?stop=app")
    page.request.full_path = "/account/apps"

    answers = at_once([partial(alice.send_apart, page, alice.cookies())] * 4)

    assert {answer.status_code for answer in answers} == {303}
    assert len([each for each in subjects_of(alice.deployment) if "You stopped" in each]) == 1
    assert alice.open("/account/activity").text.count("You stopped sharing with an app") == 1
    assert permissions(alice) == {}


@pytest.mark.spec("ASVS5-10.7.3")
def test_the_button_of_a_page_still_ends_what_was_allowed_again_since(app: RelyingParty, alice: Person) -> None:
    for _ in range(3):  # ids are random: the newer one is the greater in half of all cases
        app.redeem(code_of(alice.approve(app.authorization_url(scope="openid accounts", prompt="consent"))))
        [address] = permissions(alice).values()
        page = alice.open(address)
        alice.deployment.wait(60)
        url = app.authorization_url(scope="openid accounts", prompt="consent")
        tokens = app.redeem(code_of(alice.approve(url))).json

        assert alice.open(address).status_code == 200
        alice.submit("/account/apps", page)

        assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
        assert permissions(alice) == {}
