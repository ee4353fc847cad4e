"""An app asks in detail, the person narrows it, and tokens, introspection and refresh carry what was agreed."""

import re
from datetime import UTC, datetime
from typing import Any

import pyotp
import pytest

from tests.support.deployment import BANK, CLAIMS, VAULT, Deployment
from tests.support.details import (
    ACCOUNTS,
    BANK_ACCOUNTS,
    CURRENT,
    FUNDS,
    PAYMENT,
    RECURRING,
    SAVINGS,
    STRANGERS,
    Document,
    text_of,
)
from tests.support.passkeys import enrol_passkey
from tests.support.payment_pages import approve_with, at_payment
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, answer_of, claims_of, register, register_bank

AT_CURRENT = {**ACCOUNTS, "accounts": [{"iban": CURRENT}]}
BOTH = {**ACCOUNTS, "accounts": [{"iban": CURRENT}, {"iban": SAVINGS}]}


@pytest.fixture
def bank(either: Deployment) -> RelyingParty:
    """The bank's API, which serves details of every type."""
    return register_bank(either)


@pytest.fixture
def app(either: Deployment, bank: RelyingParty) -> RelyingParty:  # noqa: ARG001 - it must be there for the app to reach it
    """A third-party app."""
    return register(either)


@pytest.fixture
def carol(either: Deployment) -> Person:
    """Carol, who has two accounts at the bank."""
    either.add_person("carol", totp=True, claims={**CLAIMS, "bank_accounts": BANK_ACCOUNTS})
    return Person(either, "carol")


def consent_page(person: Person, app: RelyingParty, *details: Document, **changes: object) -> Any:  # noqa: ANN401 - a response
    """Sign in where it is needed, and return the consent page, or the way out where there is nothing to ask."""
    changes = {"scope": None, "authorization_details": text_of(*details), **changes}
    page = person.open(app.authorization_url(**changes))
    while page.status_code == 200 and page.request.path != "/consent":
        page = person.sign_in(page) if page.request.path == "/login" else person.enter_code(page)
    return page


def allow(person: Person, app: RelyingParty, *details: Document, **ticked: list[str]) -> Any:  # noqa: ANN401 - JSON
    """Allow some details with the accounts ticked, and return what the app gets for its code."""
    way_out = person.decide(consent_page(person, app, *details), "approve", **ticked)
    reply = app.redeem(code_of(way_out.headers["Location"]))
    assert reply.status_code == 200, reply.text
    return reply.json


@pytest.mark.spec("RFC9396-2", "RFC9396-3.1", "RFC9396-7", "RFC9396-7.1", "RFC9396-9.1", "RFC9396-9.2")
def test_the_accounts_a_person_ticked_are_what_the_app_gets(
    app: RelyingParty, bank: RelyingParty, carol: Person
) -> None:
    tokens = allow(carol, app, ACCOUNTS, **{"accounts-0": [SAVINGS]})
    agreed = [{**ACCOUNTS, "accounts": [{"iban": SAVINGS}]}]
    claims = claims_of(tokens["access_token"])
    told = bank.introspect(tokens["access_token"]).json

    assert tokens["authorization_details"] == claims["authorization_details"] == told["authorization_details"] == agreed
    assert claims["aud"] == BANK
    assert claims["acr"] == "urn:openbanking:psd2:sca"
    assert not {"scope", "id_token"} & tokens.keys()
    assert "scope" not in claims
    assert "scope" not in told


def test_nothing_is_ticked_for_a_person_with_two_accounts_and_ticking_none_asks_again(
    app: RelyingParty, carol: Person
) -> None:
    page = consent_page(carol, app, ACCOUNTS)
    assert "Everyday account" in page.text
    assert "AT61 1904 3002 3457 3201" in page.text
    assert not re.search(r"<input[^>]*\schecked", page.text)

    again = carol.decide(page, "approve")
    assert again.status_code == 400
    assert 'href="#accounts-0-0"' in again.text
    assert carol.decide(again, "approve", **{"accounts-0": [CURRENT]}).status_code == 303


def test_the_only_account_is_ticked(app: RelyingParty, either: Deployment) -> None:
    either.add_person("dora", totp=True, claims={**CLAIMS, "bank_accounts": BANK_ACCOUNTS[:1]})
    assert "checked" in consent_page(Person(either, "dora"), app, ACCOUNTS).text


@pytest.mark.parametrize("ticked", [[STRANGERS], [CURRENT, STRANGERS], [""], ["x" * 5000], [SAVINGS]])
def test_an_account_that_was_not_offered_is_not_chosen(app: RelyingParty, carol: Person, ticked: list[str]) -> None:
    page = consent_page(carol, app, AT_CURRENT)
    assert "Savings account" not in page.text
    assert carol.decide(page, "approve", **{"accounts-0": ticked}).status_code == 400


def test_accounts_of_others_are_neither_shown_nor_allowed(app: RelyingParty, carol: Person) -> None:
    asked = {**ACCOUNTS, "accounts": [{"iban": STRANGERS}]}
    for detail in (asked, {**FUNDS, "account": {"iban": STRANGERS}}):
        page = consent_page(carol, app, detail)
        assert 'id="approve"' not in page.text
        refused = carol.decide(page, "approve", **{"accounts-0": [STRANGERS]})
        assert refused.status_code == 400
        assert answer_of(carol.decide(page, "deny").headers["Location"])["error"] == "access_denied"


@pytest.mark.spec("RFC9396-6", "RFC9396-6.1", "RFC9396-8")
def test_a_refresh_may_ask_for_less_and_never_for_more(app: RelyingParty, carol: Person) -> None:
    tokens = allow(carol, app, ACCOUNTS, **{"accounts-0": [CURRENT, SAVINGS]})
    assert tokens["authorization_details"] == [BOTH]
    less = {**ACCOUNTS, "actions": ["read_balances"], "accounts": [{"iban": CURRENT}]}

    narrowed = app.refresh(tokens["refresh_token"], authorization_details=text_of(less)).json
    assert narrowed["authorization_details"] == claims_of(narrowed["access_token"])["authorization_details"] == [less]
    for more in (
        {**AT_CURRENT, "actions": ["read_transactions"]},
        {**ACCOUNTS, "accounts": [{"iban": STRANGERS}]},
        FUNDS,
    ):
        refused = app.refresh(narrowed["refresh_token"], authorization_details=text_of(more))
        assert (refused.status_code, refused.json["error"]) == (400, "invalid_authorization_details")
    again = app.refresh(narrowed["refresh_token"]).json
    assert again["authorization_details"] == [BOTH]


@pytest.mark.spec("RFC9396-6")
def test_a_code_that_is_redeemed_for_more_can_still_be_redeemed_for_less(app: RelyingParty, carol: Person) -> None:
    way_out = carol.decide(consent_page(carol, app, ACCOUNTS), "approve", **{"accounts-0": [CURRENT]})
    code = code_of(way_out.headers["Location"])
    refused = app.redeem(code, authorization_details=text_of(BOTH))
    assert (refused.status_code, refused.json["error"]) == (400, "invalid_authorization_details")
    assert app.redeem(code, authorization_details=text_of(ACCOUNTS)).json["authorization_details"] == [AT_CURRENT]


@pytest.mark.spec("RFC9396-6.1")
def test_what_was_allowed_once_is_not_asked_again_and_anything_else_is(app: RelyingParty, carol: Person) -> None:
    allow(carol, app, ACCOUNTS, FUNDS, **{"accounts-0": [CURRENT]})

    silent = consent_page(carol, app, AT_CURRENT)
    assert silent.status_code == 303
    reply = app.redeem(code_of(silent.headers["Location"])).json
    assert reply["authorization_details"] == [AT_CURRENT]
    silent = consent_page(carol, app, ACCOUNTS)
    assert app.redeem(code_of(silent.headers["Location"])).json["authorization_details"] == [AT_CURRENT]

    for other in (BOTH, {**ACCOUNTS, "actions": ["read_transactions"]}, {**FUNDS, "account": {"iban": SAVINGS}}):
        assert consent_page(carol, app, other).request.path == "/consent"


@pytest.mark.spec("RFC9396-6.1")
def test_a_scope_alone_is_more_than_the_accounts_that_were_chosen_beside_it(app: RelyingParty, carol: Person) -> None:
    page = consent_page(carol, app, ACCOUNTS, scope="openid accounts")
    tokens = app.redeem(code_of(carol.decide(page, "approve", **{"accounts-0": [CURRENT]}).headers["Location"])).json
    assert tokens["authorization_details"] == [AT_CURRENT]

    assert consent_page(carol, app, ACCOUNTS, scope="openid accounts").status_code == 303
    assert carol.open(app.authorization_url(scope="openid")).status_code == 303
    assert carol.open(app.authorization_url(scope="openid accounts")).request.path == "/consent"


def test_limits_for_payments_are_asked_each_time_and_end_the_grant_on_their_last_day(
    app: RelyingParty, either: Deployment, carol: Person
) -> None:
    key = enrol_passkey(either, "carol")
    limits = {**RECURRING, "validUntil": _day(either.now + 86_400)}
    page = at_payment(app, carol, limits, scope=None)
    assert "€100.00" in page.text
    assert "€250.00" in page.text
    assert "Power and Light" in page.text

    way_out = approve_with(carol, page, key)
    tokens = app.redeem(code_of(way_out.headers["Location"])).json
    assert tokens["authorization_details"] == [{**limits, "debtorAccount": {"iban": CURRENT}}]
    assert at_payment(app, carol, limits, scope=None).request.path == "/approve"
    either.wait(2 * 86_400)
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    over = app.push(authorization_details=text_of(limits))
    assert (over.status_code, over.json["error"]) == (400, "invalid_authorization_details")


@pytest.mark.spec("RFC9396-9.2", "RFC9396-3.2")
def test_each_side_of_the_bank_is_told_of_its_own_types_alone(either: Deployment, carol: Person) -> None:
    common: dict[str, object] = {
        "redirect_uris": [],
        "grant_types": [],
        "token_endpoint_auth_method": "tls_client_auth",
        "access_token_format": "opaque",
    }
    reads = register(
        either, "reads", resource=[BANK], authorization_details_types=["account_information"], scope="", **common
    )
    asks = register(
        either, "asks", resource=[VAULT], authorization_details_types=["funds_confirmation"], scope="", **common
    )
    app = register(either)
    tokens = allow(carol, app, ACCOUNTS, FUNDS, **{"accounts-0": [CURRENT]})

    assert tokens["authorization_details"] == [AT_CURRENT, FUNDS]
    assert reads.introspect(tokens["access_token"]).json["authorization_details"] == [AT_CURRENT]
    assert asks.introspect(tokens["access_token"]).json["authorization_details"] == [FUNDS]
    at_bank = app.refresh(tokens["refresh_token"], authorization_details=text_of(ACCOUNTS)).json
    assert asks.introspect(at_bank["access_token"]).json == {"active": False}
    assert reads.introspect(at_bank["access_token"]).json["aud"] == BANK


@pytest.mark.spec("RFC9396-9.1", "RFC9396-9.2")
def test_no_api_reads_in_its_token_what_another_is_told(either: Deployment, carol: Person) -> None:
    common: dict[str, object] = {
        "redirect_uris": [],
        "grant_types": [],
        "token_endpoint_auth_method": "tls_client_auth",
    }
    reads = register(
        either, "reads", resource=[BANK], authorization_details_types=["account_information"], scope="", **common
    )
    register(either, "asks", resource=[VAULT], authorization_details_types=["funds_confirmation"], scope="", **common)
    app = register(either)
    tokens = allow(carol, app, ACCOUNTS, FUNDS, **{"accounts-0": [SAVINGS]})

    assert CURRENT not in str(reads.introspect(tokens["access_token"]).json)
    assert "." not in tokens["access_token"], "a JWT would tell both of everything"
    for one, place in (({**ACCOUNTS, "accounts": [{"iban": SAVINGS}]}, BANK), (FUNDS, VAULT)):
        claims = claims_of(
            app.refresh(tokens["refresh_token"], authorization_details=text_of(one)).json["access_token"]
        )
        assert (claims["aud"], claims["authorization_details"]) == (place, [one])


@pytest.mark.spec("RFC9396-2.2")
def test_a_detail_that_names_a_place_is_good_there_alone(either: Deployment, carol: Person) -> None:
    for client_id, place in (("here", BANK), ("there", VAULT)):
        register(
            either,
            client_id,
            redirect_uris=[],
            grant_types=[],
            token_endpoint_auth_method="tls_client_auth",
            resource=[place],
            authorization_details_types=["account_information"],
            scope="",
        )
    app = register(either)
    tokens = allow(carol, app, {**ACCOUNTS, "locations": [VAULT]}, **{"accounts-0": [CURRENT]})
    assert claims_of(tokens["access_token"])["aud"] == VAULT


def test_the_list_of_a_persons_accounts_goes_to_no_app(app: RelyingParty, carol: Person) -> None:
    page = consent_page(
        carol, app, ACCOUNTS, scope="openid profile email", claims='{"userinfo":{"bank_accounts":null}}'
    )
    way_out = carol.decide(page, "approve", **{"accounts-0": [CURRENT]})
    tokens = app.redeem(code_of(way_out.headers["Location"])).json
    assert "bank_accounts" not in app.userinfo(tokens["access_token"]).json
    assert not {"bank_accounts", "authorization_details"} & claims_of(tokens["id_token"]).keys()
    assert SAVINGS not in str(claims_of(tokens["access_token"]))


def test_what_a_person_allowed_is_told_in_events_without_numbers_or_names(
    app: RelyingParty, either: Deployment, carol: Person
) -> None:
    allow(carol, app, ACCOUNTS, **{"accounts-0": [CURRENT]})
    (given,) = (event for event in either.events if event.name == "consent.given")
    assert given.detail["authorization_details"] == "account_information"
    assert CURRENT not in str(either.events)


def _day(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).date().isoformat()


def small_payment(person: Person, app: RelyingParty, **changes: object) -> Any:  # noqa: ANN401 - a response
    """Sign in and approve a payment small enough for a code, and return what comes next."""
    details = text_of({**PAYMENT, "instructedAmount": {"currency": "EUR", "amount": "12.50"}})
    page = person.open(app.authorization_url(**{"scope": None, "authorization_details": details, **changes}))
    page = person.sign_in(page) if page.request.path == "/login" else page
    assert page.request.path == "/approve", page.text
    code = pyotp.TOTP(person.seed).at(person.deployment.now)
    return person.submit(page.request.full_path, page, decision="approve", totp=code)


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-7")
def test_a_payment_allows_itself_and_nothing_later(app: RelyingParty, either: Deployment, carol: Person) -> None:
    asked = {"scope": "openid payments"}
    way_out = small_payment(carol, app, **asked)
    tokens = app.redeem(code_of(way_out.headers["Location"])).json
    assert tokens["expires_in"] == 60
    assert tokens["authorization_details"][0]["instructedAmount"]["amount"] == "12.50"
    assert "refresh_token" not in tokens

    either.wait(30)
    assert small_payment(carol, app, **asked).status_code == 303
    assert carol.open(app.authorization_url(**asked)).request.path == "/consent"


def test_the_list_of_connected_apps_names_the_accounts_that_were_chosen(app: RelyingParty, carol: Person) -> None:
    allow(carol, app, ACCOUNTS, **{"accounts-0": [SAVINGS]})
    small_payment(carol, app)
    shown = carol.open("/account/apps").text
    assert "See their balances." in shown
    assert "DE89 3704 0044 0532 0130 00" in shown
    assert "AT61 1904" not in shown
    assert "GB82" not in shown
