"""A deployment that only signs people in: no payments, no bank accounts, and nothing of them on the wire."""

import json
import weakref
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import text

from authserver.app.create import create_app
from authserver.values import replace
from tests.support.command_line import CommandLine
from tests.support.deployment import ISSUER, Deployment
from tests.support.details import ACCOUNTS, PAYMENT, text_of
from tests.support.passkeys import enrol_passkey
from tests.support.payment_pages import approve_with, at_payment, payment_url, register_paying_app
from tests.support.payment_proofs import MANDATE
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import claims_of, register, register_bank

_TYPES = "authorization_details_types_supported"


@pytest.fixture
def without(new_deployment: Callable[..., Deployment]) -> Deployment:
    """A deployment without banking, whose clients were registered when it still had it."""
    deployment = new_deployment(banking="off")
    register_bank(deployment)
    with deployment.database.transaction() as connection:
        connection.execute(text("DROP TABLE approvals"))
    return deployment


def _metadata(deployment: Deployment) -> dict[str, object]:
    answer = deployment.app.test_client().get("/.well-known/openid-configuration", base_url=ISSUER)
    return dict(answer.json or {})


def test_people_sign_in_consent_and_apps_use_their_tokens(without: Deployment) -> None:
    app, alice = register(without), Person(without)
    tokens = app.redeem(code_of(alice.approve(app.authorization_url(scope="openid profile accounts")))).json
    assert claims_of(tokens["id_token"])["acr"]
    assert app.userinfo(tokens["access_token"]).json["name"] == "Alice Example"
    refreshed = app.refresh(tokens["refresh_token"])
    assert refreshed.status_code == 200, refreshed.json
    assert alice.open("/account/apps").status_code == 200


def test_there_is_no_page_of_payments(without: Deployment, new_deployment: Callable[..., Deployment]) -> None:
    assert Person(without).open(ISSUER + "/approve").status_code == 404
    assert Person(new_deployment()).open(ISSUER + "/approve").status_code != 404


@pytest.mark.spec("RFC9396-10")
def test_metadata_has_no_types(without: Deployment, new_deployment: Callable[..., Deployment]) -> None:
    with_banking = new_deployment()
    register_bank(with_banking)
    assert _TYPES in _metadata(with_banking)
    assert _TYPES not in _metadata(without)


@pytest.mark.spec("RFC9396-5", "RFC9396-10")
@pytest.mark.parametrize("detail", [PAYMENT, ACCOUNTS], ids=["payment", "accounts"])
def test_no_detail_is_taken_in_a_request(without: Deployment, detail: dict[str, object]) -> None:
    app = register(without)
    assert refusal(app.push(authorization_details=text_of(detail))) == (400, "invalid_authorization_details")
    assert "approve" not in json.dumps(_metadata(without))
    tokens = app.redeem(code_of(Person(without).approve(app.authorization_url(scope="openid")))).json
    narrowed = app.refresh(tokens["refresh_token"], authorization_details=text_of(detail))
    assert refusal(narrowed) == (400, "invalid_authorization_details")


@pytest.mark.spec("RFC9396-10")
def test_no_client_is_registered_for_such_a_type(tmp_path: Path) -> None:
    prompt = CommandLine(tmp_path / "deployment")
    prompt.init()
    document = {
        "client_id": "payer",
        "redirect_uris": ["https://app.example/cb"],
        "scope": "openid",
        "token_endpoint_auth_method": "private_key_jwt",
        "dpop_bound_access_tokens": True,
        "jwks_uri": "https://app.example/jwks",
        "authorization_details_types": ["payment_initiation"],
    }
    refused = prompt.run("client", "add", "-", given=json.dumps(document), BANKING="off")
    assert refused.exit_code != 0
    assert "RFC9396-10" in refused.stderr
    assert "authorization_details_types" in refused.stderr
    assert prompt.run("client", "add", "-", given=json.dumps(document)).exit_code == 0
    changed = prompt.run("client", "update", "payer", "-", given=json.dumps(document), BANKING="off")
    assert "RFC9396-10" in changed.stderr
    found = prompt.run("assess", "payer", "--json", BANKING="off").stdout
    assert "this deployment does not offer payment_initiation" in found


def _switch_off(deployment: Deployment) -> None:
    """Start the deployment again without banking, on the database that it had."""
    settings = replace(deployment.app.extensions["authserver"].settings, banking="off")
    deployment.app.extensions["authserver"].database.dispose()
    deployment.app = create_app(settings, clock=lambda: deployment.now, events=deployment.events.append)
    weakref.finalize(deployment.app, deployment.app.extensions["authserver"].database.dispose)


@pytest.mark.spec("RFC9396-10", "RFC9396-9.2")
def test_what_was_allowed_of_payments_is_worth_nothing_once_it_is_switched_off(deployment: Deployment) -> None:
    bank, app, alice = register_bank(deployment), register(deployment), Person(deployment)
    key = enrol_passkey(deployment, "alice")
    way_out = approve_with(alice, at_payment(app, alice, MANDATE), key)
    tokens = app.redeem(code_of(way_out.headers["Location"])).json
    assert bank.introspect(tokens["access_token"]).json["authorization_details"] == [MANDATE]
    _switch_off(deployment)
    told = bank.introspect(tokens["access_token"]).json
    assert "authorization_details" not in told
    assert "payments" not in told.get("scope", "")
    assert refusal(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")


@pytest.mark.spec("RFC9126-7.4")
def test_a_payment_that_was_asked_for_before_the_switch_gets_no_page(deployment: Deployment) -> None:
    app = register_paying_app(deployment)
    pushed, page = payment_url(app), at_payment(app, Person(deployment))
    _switch_off(deployment)
    assert Person(deployment).open(pushed).status_code == 400
    assert Person(deployment).open(str(page.request.url)).status_code == 404
