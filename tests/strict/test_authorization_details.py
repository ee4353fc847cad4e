"""Authorization details at the machine endpoints: what is refused, and what a token for one payment is worth."""

import pytest
from sqlalchemy import select

from authserver.db.tables.grants import grants
from authserver.protocol.details.parse import parse_authorization_details
from tests.support.deployment import Deployment
from tests.support.details import ACCOUNTS, CURRENT, EVERY_TYPE, FUNDS, PAYMENT, RECURRING, Document, text_of
from tests.support.grants import make_code
from tests.support.login_app import plain_url, register_login_app
from tests.support.person import Person
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, answer_of, claims_of, register

REFUSED = (400, "invalid_authorization_details")


@pytest.fixture(scope="module")
def app(shared: Deployment) -> RelyingParty:
    """An app that may ask for every type."""
    return register(shared)


@pytest.fixture(scope="module")
def reader(shared: Deployment) -> RelyingParty:
    """An app that registered for looking at accounts alone."""
    return register(shared, "reader", authorization_details_types=["account_information"])


@pytest.mark.parametrize("detail", EVERY_TYPE, ids=lambda detail: detail["type"])
@pytest.mark.spec("RFC9396-2", "RFC9396-3", "RFC9396-3.1")
def test_every_type_may_be_asked_for_without_a_scope(app: RelyingParty, detail: Document) -> None:
    assert app.push(authorization_details=text_of(detail), scope=None).status_code == 201


@pytest.mark.parametrize(
    "text",
    [
        "[]", "{}", "[{}]", '[{"type":"unknown"}]', "[", "NaN", "[" * 5000, '[{"type":{}}]', '[{"type":"\\ud800"}]',
        text_of({**PAYMENT, "extra": 1}),
        text_of({**PAYMENT, "instructedAmount": {"currency": "EUR", "amount": "1e9"}}),
        text_of({**PAYMENT, "creditorName": "Huber\u202eyenoM"}),
        text_of({**PAYMENT, "creditorName": "\u3164"}),
        text_of({**PAYMENT, "creditorName": "Hub\u034fer"}),
        text_of({**PAYMENT, "remittanceInformationUnstructured": "Invoice \u2800 7\ufe0f"}),
        text_of(PAYMENT).replace('"amount"', '"amount": "1.00", "amount"'),
        text_of({**ACCOUNTS, "locations": ["https://elsewhere.example/"]}),
        text_of(PAYMENT, PAYMENT),
        text_of(PAYMENT, RECURRING),
        text_of({**RECURRING, "validUntil": "2001-01-01"}),
    ],
)  # fmt: skip
@pytest.mark.spec("RFC9396-5", "RFC9396-2.2")
def test_details_that_mean_nothing_here_are_refused_by_name(app: RelyingParty, text: str) -> None:
    assert refusal(app.push(authorization_details=text)) == REFUSED


@pytest.mark.spec("RFC9396-10")
def test_a_type_that_the_app_did_not_register_is_refused(reader: RelyingParty) -> None:
    assert reader.push(authorization_details=text_of(ACCOUNTS)).status_code == 201
    for detail in (PAYMENT, FUNDS, RECURRING):
        assert refusal(reader.push(authorization_details=text_of(ACCOUNTS, detail))) == REFUSED


def test_without_details_a_scope_is_still_required(app: RelyingParty) -> None:
    assert refusal(app.push(scope=None)) == (400, "invalid_scope")


@pytest.mark.spec("RFC9396-5")
def test_a_plain_app_that_registered_none_is_told_at_its_redirect_uri(shared: Deployment) -> None:
    login_app = register_login_app(shared)
    location = Person(shared).open(plain_url(login_app, authorization_details=text_of(ACCOUNTS))).headers["Location"]
    assert answer_of(location)["error"] == "invalid_authorization_details"


@pytest.mark.spec("RFC9396-5")
def test_a_plain_app_with_bound_tokens_may_ask_in_the_url(shared: Deployment) -> None:
    login_app = register_login_app(
        shared,
        "bound",
        tls_client_certificate_bound_access_tokens=True,
        authorization_details_types=["funds_confirmation"],
    )
    page = Person(shared).open(plain_url(login_app, authorization_details=text_of(FUNDS)))
    assert page.request.path == "/login"


def test_a_client_that_acts_for_itself_gets_no_details(app: RelyingParty) -> None:
    assert refusal(app.client_credentials(authorization_details=text_of(ACCOUNTS))) == REFUSED


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-7")
def test_a_token_for_one_payment_is_short_and_cannot_be_renewed(shared: Deployment, app: RelyingParty) -> None:
    details = parse_authorization_details(text_of(PAYMENT))
    tokens = app.redeem(make_code(shared, "app", (), details=details)).json
    assert tokens["expires_in"] == 60
    assert tokens["authorization_details"] == [PAYMENT]
    assert claims_of(tokens["access_token"])["authorization_details"] == [PAYMENT]
    assert "refresh_token" not in tokens


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-6.1")
def test_a_payment_that_was_approved_once_is_not_in_a_token_twice(shared: Deployment, app: RelyingParty) -> None:
    details = parse_authorization_details(text_of(PAYMENT))
    code = make_code(shared, "app", (), details=details)
    assert refusal(app.redeem(code, authorization_details=text_of(PAYMENT, PAYMENT))) == REFUSED
    assert app.redeem(code, authorization_details=text_of(PAYMENT)).json["authorization_details"] == [PAYMENT]


@pytest.mark.spec("RFC9396-6.1")
def test_the_accounts_a_person_chose_are_not_left_out_beside_a_scope(shared: Deployment, app: RelyingParty) -> None:
    chosen = {**ACCOUNTS, "accounts": [{"iban": CURRENT}]}
    details = parse_authorization_details(text_of(chosen, FUNDS))
    code = make_code(shared, "app", ("openid", "accounts"), details=details)
    assert refusal(app.redeem(code, authorization_details=text_of(FUNDS))) == REFUSED
    assert refusal(app.redeem(code, authorization_details=text_of(chosen))) == REFUSED, "the scope stood beside both"
    tokens = app.redeem(code).json
    assert (tokens["scope"], tokens["authorization_details"]) == ("openid accounts", [chosen, FUNDS])
    assert refusal(app.refresh(tokens["refresh_token"], authorization_details=text_of(FUNDS))) == REFUSED
    told = app.refresh(tokens["refresh_token"], scope="openid", authorization_details=text_of(FUNDS)).json
    assert (told["scope"], told["authorization_details"]) == ("openid", [FUNDS])


@pytest.mark.spec("RFC9396-7")
def test_a_token_for_anything_else_lasts_as_ever(shared: Deployment, app: RelyingParty) -> None:
    details = parse_authorization_details(text_of({**ACCOUNTS, "accounts": [{"iban": CURRENT}]}))
    tokens = app.redeem(make_code(shared, "app", ("openid", "accounts"), details=details)).json
    assert (tokens["expires_in"], tokens["scope"]) == (300, "openid accounts")
    assert "refresh_token" in tokens


@pytest.mark.spec("RFC9396-10")
def test_the_metadata_names_every_type(app: RelyingParty) -> None:
    document = app.send("/.well-known/oauth-authorization-server").json
    assert document["authorization_details_types_supported"] == sorted(detail["type"] for detail in EVERY_TYPE)


def last_used(deployment: Deployment) -> list[int]:
    """Return when each grant was last used."""
    with deployment.database.read() as connection:
        return sorted(connection.execute(select(grants.c.last_used_at)).scalars())


def test_a_grant_tells_when_it_was_last_used(deployment: Deployment) -> None:
    app = register(deployment)
    token = app.redeem(make_code(deployment, "app")).json["refresh_token"]
    assert last_used(deployment) == [deployment.now]
    deployment.wait(1000)
    app.refresh(token)
    assert last_used(deployment) == [deployment.now]
