"""A deleted client is gone for good: nobody gets its id again, and nothing it was given comes to life."""

import pytest
from sqlalchemy import select

from authserver.clients.store import insert_client
from authserver.db.tables.clients import clients
from authserver.operations.acts import DeleteClient
from authserver.operations.client_removal import give_up_resources
from authserver.operations.refusals import ClientNotFound
from tests.support.deployment import BANK, Deployment
from tests.support.login_app import is_error_page
from tests.support.operating import operate
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, register, register_bank


@pytest.fixture
def app(either: Deployment) -> RelyingParty:
    """An app, and the bank whose API it uses."""
    register_bank(either)
    return register(either)


@pytest.fixture
def alice(either: Deployment) -> Person:
    """Alice, with a password and an authenticator app."""
    return Person(either)


def delete(deployment: Deployment, client_id: str) -> None:
    """Delete a client as an operator does, while this node still keeps it in its cache."""
    operate(deployment, DeleteClient(client_id))


def rows(deployment: Deployment, question: str) -> int:
    with deployment.database.read() as connection:
        return int(connection.exec_driver_sql(f"SELECT COUNT(*) FROM {question}").scalar_one())  # noqa: S608 - our own


@pytest.mark.spec("RFC7591-5", "RFC6749-10.1")
def test_an_id_is_never_registered_again(app: RelyingParty, alice: Person) -> None:
    deployment = app.deployment
    alice.approve(app.authorization_url())
    delete(deployment, "app")

    with deployment.database.transaction() as connection:
        assert not insert_client(connection, "app", {"profile": "fapi2"}, None, deployment.now)
    with deployment.database.read() as connection:
        left = connection.execute(select(clients.c.metadata, clients.c.secret_hash).where(clients.c.client_id == "app"))
        assert tuple(left.one()) == ('{"resource": []}', None)


@pytest.mark.spec("RFC7009-2.1", "RFC9126-7.4")
def test_all_that_a_client_has_ends_with_it(app: RelyingParty, alice: Person) -> None:
    deployment = app.deployment
    alice.approve(app.authorization_url())
    on_the_way = alice.open(app.authorization_url(prompt="consent"))
    delete(deployment, "app")

    for standing in (
        "consents WHERE revoked_at IS NULL",
        "grants WHERE revoked_at IS NULL",
        "pushed_requests WHERE spent_at IS NULL",
        "interactions WHERE completed_at IS NULL",
    ):
        assert rows(deployment, standing) == 0, standing
    deployment.wait(3)
    assert alice.decide(on_the_way, "approve").status_code == 400


@pytest.mark.spec("RFC7662-2.2", "RFC6749-5.2")
def test_nothing_outlives_a_client_on_a_node_that_still_knows_it(app: RelyingParty, alice: Person) -> None:
    deployment, bank = app.deployment, register(app.deployment, "reader", resource=[BANK], scope="")
    code = code_of(alice.approve(app.authorization_url()))
    delete(deployment, "app")

    assert refusal(app.redeem(code)) == (400, "invalid_grant")
    late = app.redeem(code_of(alice.approve(app.authorization_url()))).json  # within the two seconds of its cache
    assert bank.introspect(late["access_token"]).json == {"active": False}
    assert app.userinfo(late["access_token"]).status_code == 401
    deployment.wait(3)
    assert refusal(app.refresh(late["refresh_token"])) == (401, "invalid_client")
    assert 'value="app"' not in alice.open("/account/apps").text


@pytest.mark.spec("RFC7591-5")
def test_deleting_again_ends_what_was_left_when_the_first_was_stopped(app: RelyingParty, alice: Person) -> None:
    deployment = app.deployment
    alice.approve(app.authorization_url())
    delete(deployment, "app")
    alice.approve(app.authorization_url())  # left behind, as by a command that was stopped halfway

    delete(deployment, "app")
    assert rows(deployment, "grants WHERE revoked_at IS NULL") == 0
    for client_id in ("app", "nobody"):
        with pytest.raises(ClientNotFound):
            delete(deployment, client_id)


@pytest.mark.spec("RFC8707-2.2", "RFC7662-2.2")
def test_the_next_api_at_an_address_gets_nothing_that_was_allowed_the_last_by_name(
    app: RelyingParty, alice: Person
) -> None:
    deployment = app.deployment
    tokens = app.redeem(code_of(alice.approve(app.authorization_url(resource=BANK)))).json
    by_scope = app.redeem(code_of(alice.approve(app.authorization_url()))).json
    delete(deployment, "bank")
    successor = register(deployment, "next-bank", resource=[BANK], resource_scopes="accounts", scope="")
    deployment.wait(3)

    assert refusal(app.refresh(tokens["refresh_token"])) == (400, "invalid_grant")
    assert successor.introspect(tokens["access_token"]).json == {"active": False}
    assert successor.introspect(by_scope["access_token"]).json == {"active": False}
    page = alice.open(app.authorization_url(resource=BANK))
    assert page.request.path == "/consent"  # what was allowed the last API is no answer for this one


@pytest.mark.spec("RFC8707-2.2")
def test_an_address_that_another_api_still_holds_is_not_given_up(app: RelyingParty, alice: Person) -> None:
    deployment = app.deployment
    register(deployment, "second-bank", resource=[BANK], resource_scopes="accounts", scope="")
    tokens = app.redeem(code_of(alice.approve(app.authorization_url(resource=BANK)))).json
    give_up_resources(deployment.database, (BANK,), deployment.now)
    delete(deployment, "second-bank")

    assert app.refresh(tokens["refresh_token"]).status_code == 200
    assert rows(deployment, "consents WHERE revoked_at IS NOT NULL") == 0


@pytest.mark.spec("RFC9126-7.4")
def test_a_reference_of_a_deleted_client_leads_nowhere(app: RelyingParty, alice: Person) -> None:
    url = app.authorization_url()
    delete(app.deployment, "app")
    assert is_error_page(alice.open(url), "invalid_request_uri")
