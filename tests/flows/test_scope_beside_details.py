"""A scope that was granted beside a detail is worth no more than the detail, at every API, in every form of token."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.deployment import BANK, CLAIMS, VAULT, Deployment
from tests.support.details import ACCOUNTS, BANK_ACCOUNTS, FUNDS, SAVINGS, Document, text_of
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, claims_of, register, register_bank
from tests.support.sample_bank import Said, open_bank

CHOSEN = {**ACCOUNTS, "accounts": [{"iban": SAVINGS}]}
REPORTS = "https://reports.example/"
SCOPE = "openid accounts"


@pytest.fixture
def carol(deployment: Deployment) -> Person:
    """Carol, who has two accounts at the bank."""
    deployment.add_person("carol", totp=True, claims={**CLAIMS, "bank_accounts": BANK_ACCOUNTS})
    return Person(deployment, "carol")


def register_api(deployment: Deployment, client_id: str, place: str, **changes: object) -> RelyingParty:
    """Register an API that can introspect; it takes JWTs unless told otherwise."""
    common: dict[str, object] = {
        "redirect_uris": [],
        "grant_types": [],
        "token_endpoint_auth_method": "tls_client_auth",
        "scope": "",
    }
    return register(deployment, client_id, resource=[place], **{**common, **changes})


def allow(person: Person, app: RelyingParty, *details: Document, **changes: object) -> dict[str, Any]:
    """Tick the savings account for details beside a scope, and return what the app gets for its code."""
    page = person.open(app.authorization_url(**{"scope": SCOPE, "authorization_details": text_of(*details), **changes}))
    while page.request.path != "/consent":
        page = person.sign_in(page) if page.request.path == "/login" else person.enter_code(page)
    way_out = person.decide(page, "approve", **{"accounts-0": [SAVINGS]})
    return redeem(app, way_out.headers["Location"])


def redeem(app: RelyingParty, location: str) -> dict[str, Any]:
    """Return the answer to the code of a redirect."""
    reply = app.redeem(code_of(location))
    assert reply.status_code == 200, reply.text
    answer: dict[str, Any] = reply.json
    return answer


def shown(folder: Path, told: dict[str, Any]) -> list[str]:
    """Return the accounts that the sample bank shows for what it was told of a token."""
    said = Said()
    said.more = {name: told[name] for name in ("scope", "authorization_details") if name in told}
    answer = open_bank(said, folder)("GET", "/accounts")
    return [account["iban"] for account in answer.json.get("accounts", [])]


@pytest.mark.spec("RFC9396-6.1", "RFC9396-2.2")
def test_a_refresh_that_sends_the_details_elsewhere_shows_no_account_that_was_not_ticked(
    deployment: Deployment, carol: Person, tmp_path: Path
) -> None:
    bank = register_bank(deployment)
    app = register(deployment)
    tokens = allow(carol, app, ACCOUNTS)
    assert shown(tmp_path, bank.introspect(tokens["access_token"]).json) == [SAVINGS]

    for place in ("https://nowhere.example/", "urn:x", VAULT):
        elsewhere = text_of({**ACCOUNTS, "locations": [place]})
        refused = app.refresh(tokens["refresh_token"], authorization_details=elsewhere)
        assert refusal(refused) == (400, "invalid_authorization_details")
    again = app.refresh(tokens["refresh_token"], authorization_details=text_of({**ACCOUNTS, "locations": [BANK]})).json
    told = bank.introspect(again["access_token"]).json
    assert (told["scope"], told["authorization_details"]) == ("accounts", [{**CHOSEN, "locations": [BANK]}])
    assert len(shown(tmp_path, {"scope": SCOPE})) > 1, "a scope alone would show every account"


@pytest.mark.parametrize("form", ["jwt", "opaque"])
@pytest.mark.spec("RFC9396-6.1", "RFC9396-2.2", "RFC9396-9.2")
def test_details_sent_to_one_api_leave_the_scope_at_no_other(deployment: Deployment, carol: Person, form: str) -> None:
    bank = register_bank(deployment, access_token_format=form)
    register_api(
        deployment, "reports", REPORTS, resource_scopes="reports", authorization_details_types=["account_information"]
    )
    app = register(deployment)
    there = {**ACCOUNTS, "locations": [REPORTS]}

    tokens = allow(carol, app, {**ACCOUNTS, "locations": [BANK, REPORTS]})
    silent = carol.open(app.authorization_url(scope=SCOPE, authorization_details=text_of(there)))
    standing = redeem(app, silent.headers["Location"])
    refreshed = app.refresh(tokens["refresh_token"], authorization_details=text_of(there)).json
    pushed = allow(carol, app, there, prompt="consent")
    alone = app.push(scope="accounts", authorization_details=text_of(there))
    assert refusal(alone) == (400, "invalid_scope"), "an answer without a scope would mean all that was asked for"
    for answer in (standing, refreshed, pushed):
        assert answer["scope"] == "openid"
        assert answer["authorization_details"] == [{**CHOSEN, "locations": [REPORTS]}]
        assert bank.introspect(answer["access_token"]).json == {"active": False}
        assert "accounts" not in claims_of(answer["access_token"])["scope"].split()


@pytest.mark.parametrize("form", ["jwt", "opaque"])
@pytest.mark.spec("RFC9396-9.1", "RFC9396-9.2", "RFC8707-2.2")
def test_an_api_that_serves_the_scope_and_not_the_type_is_told_of_neither(
    deployment: Deployment, carol: Person, form: str
) -> None:
    bank = register_bank(deployment)
    register_api(deployment, "old", VAULT, resource_scopes="accounts", access_token_format=form)
    app = register(deployment)
    tokens = allow(carol, app, ACCOUNTS)
    claims = claims_of(tokens["access_token"])
    assert VAULT not in claims["aud"]
    assert (claims["scope"], claims["authorization_details"]) == (SCOPE, [CHOSEN])
    assert bank.introspect(tokens["access_token"]).json["scope"] == "accounts"

    asked = {"scope": SCOPE, "authorization_details": text_of(ACCOUNTS)}
    assert refusal(app.push(**asked, resource=VAULT)) == (400, "invalid_authorization_details")
    assert refusal(app.push(**asked, resource=[BANK, VAULT])) == (400, "invalid_target")


@pytest.mark.spec("RFC9396-9.2", "RFC7662-2.2")
def test_of_two_apis_each_told_of_its_own_type_neither_is_told_of_a_scope(
    deployment: Deployment, carol: Person
) -> None:
    reads = register_api(
        deployment, "reads", BANK, resource_scopes="accounts", authorization_details_types=["account_information"]
    )
    asks = register_api(
        deployment, "asks", VAULT, resource_scopes="payments", authorization_details_types=["funds_confirmation"]
    )
    app = register(deployment)
    tokens = allow(carol, app, ACCOUNTS, FUNDS, scope="openid accounts payments")
    assert tokens["scope"] == "openid"
    for api, own in ((reads, CHOSEN), (asks, FUNDS)):
        told = api.introspect(tokens["access_token"]).json
        assert told["authorization_details"] == [own]
        assert "scope" not in told


@pytest.mark.spec("RFC9396-6.1")
def test_a_detail_of_any_type_is_left_out_with_the_scope_beside_it_or_not_at_all(
    deployment: Deployment, carol: Person
) -> None:
    register_bank(deployment)
    app = register(deployment)
    tokens = allow(carol, app, ACCOUNTS, FUNDS)
    for one in (ACCOUNTS, FUNDS):
        refused = app.refresh(tokens["refresh_token"], authorization_details=text_of(one))
        assert refusal(refused) == (400, "invalid_authorization_details")
    less = app.refresh(tokens["refresh_token"], scope="openid", authorization_details=text_of(FUNDS)).json
    assert (less["scope"], less["authorization_details"]) == ("openid", [FUNDS])
    page = carol.open(app.authorization_url(scope=SCOPE, authorization_details=text_of(ACCOUNTS)))
    assert page.request.path == "/consent", "what was allowed beside both is not allowed beside one"


@pytest.mark.spec("RFC9396-9.1", "RFC9396-9.2")
def test_an_api_that_stops_serving_a_type_is_told_of_no_scope_either(deployment: Deployment, carol: Person) -> None:
    bank = register_bank(deployment)
    app = register(deployment)
    tokens = allow(carol, app, ACCOUNTS)
    deployment.change_client("bank", authorization_details_types=[])
    assert "scope" not in bank.introspect(tokens["access_token"]).json
    assert app.refresh(tokens["refresh_token"]).json["scope"] == "openid"
