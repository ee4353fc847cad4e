"""What a document or a form must not set, it does not: members of a registration, and fields that no page has."""

import re
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from werkzeug.test import TestResponse

from authserver.clients.metadata import ClientMetadata
from authserver.clients.model import Client
from authserver.clients.store import find_client
from authserver.db.tables.clients import clients
from authserver.db.tables.grants import consents
from authserver.db.tables.schema import metadata
from authserver.operations.acts import AddClient, UpdateClient
from authserver.operations.refusals import ClientIdFixed, OperationRefused
from authserver.protocol.errors import OAuthError
from authserver.web.pages.csrf import FIELD
from tests.support.deployment import BANK, ISSUER, Deployment
from tests.support.hostile import read_state
from tests.support.operating import operate
from tests.support.passkeys import enrol_passkey
from tests.support.person import HIDDEN, Person, code_of
from tests.support.relying_party import REDIRECT_URI, RelyingParty, claims_of

_KNOWN = frozenset(ClientMetadata.__struct_fields__)
_OURS = sorted({*(column.name for column in clients.columns), *Client.__struct_fields__} - _KNOWN)
_NEVER = [*_OURS, "checked", "created", "is_disabled", "client_secret", "__class__", "profile "]
_VALUES: st.SearchStrategy[Any] = st.sampled_from([None, True, 0, 1, "", "x", "oidc", [], {}, ["openid"], "2026-01-01"])


def _row(deployment: Deployment, client_id: str) -> tuple[Any, ...]:
    with deployment.database.read() as connection:
        return tuple(connection.execute(select(clients).where(clients.c.client_id == client_id)).one())


@pytest.mark.spec("RFC7591-2", "RFC7591-3.2.2")
@pytest.mark.parametrize("name", _NEVER)
def test_no_document_sets_what_is_the_servers_own(deployment: Deployment, app: RelyingParty, name: str) -> None:
    before = read_state(deployment.database)
    with deployment.database.read() as connection:
        record = find_client(connection, app.client_id)
    assert record is not None
    values: tuple[object, ...] = (None, True, 1, "x", {})
    for value in values:
        document = {**record.metadata, name: value}
        with pytest.raises((OAuthError, OperationRefused)):
            operate(deployment, UpdateClient(app.client_id, document))
        with pytest.raises((OAuthError, OperationRefused)):
            operate(deployment, AddClient({**document, "client_id": "another"}))
    assert read_state(deployment.database) == before


@pytest.mark.spec("RFC7591-3.2.1")
@pytest.mark.parametrize("other", ["bank", "nobody", "", None, [], {"a": "b"}, 1])
def test_no_document_gives_a_client_another_id(deployment: Deployment, app: RelyingParty, other: object) -> None:
    before = read_state(deployment.database)
    with pytest.raises(ClientIdFixed):
        operate(deployment, UpdateClient(app.client_id, {"client_id": other, "redirect_uris": [REDIRECT_URI]}))
    assert read_state(deployment.database) == before


@pytest.mark.spec("RFC7591-2")
def test_whatever_an_update_changes_is_in_its_document_alone(deployment: Deployment, app: RelyingParty) -> None:
    with deployment.database.read() as connection:
        record = find_client(connection, app.client_id)
    assert record is not None
    names = [column.name for column in clients.columns]
    before = dict(zip(names, _row(deployment, app.client_id), strict=True))
    others = read_state(deployment.database)["consents"]

    @given(st.dictionaries(st.sampled_from(sorted(_KNOWN - {"client_id"})), _VALUES, max_size=4))
    def change(members: Mapping[str, object]) -> None:
        with suppress(OAuthError, OperationRefused):
            operate(deployment, UpdateClient(app.client_id, {**record.metadata, **members}))
        after = dict(zip(names, _row(deployment, app.client_id), strict=True))
        assert {name for name in names if after[name] != before[name]} <= {"metadata", "version"}
        assert read_state(deployment.database)["consents"] == others

    change()


class Meddler(Person):
    """Somebody who adds to each form what no page has: names of columns, of parameters, and of things of others."""

    extra: Mapping[str, str] = {}

    def submit(self, path: str, page: TestResponse, **fields: str | list[str]) -> TestResponse:
        """Send a page's form with all that."""
        return super().submit(path, page, **{**self.extra, **fields})


def _everything(deployment: Deployment) -> dict[str, str]:
    with deployment.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT username, account_id FROM accounts").all()
    bob = dict(tuple(row) for row in rows)["bob"]
    columns = {column.name for table in metadata.sorted_tables for column in table.columns}
    parameters = {
        "sub": bob,
        "scope": "openid accounts payments",
        "redirect_uri": "https://evil.example/",
        "acr": "x",
        "resource": "https://vault.example/",
        "prompt": "none",
        "state": "theirs",
        "is_admin": "1",
    }
    return {**dict.fromkeys(columns, "1"), **parameters, "account_id": bob, "user_id": bob}


@pytest.mark.spec("RFC6749-3.1", "ASVS5-15.3.3")
def test_fields_that_no_page_has_change_nothing_of_what_is_answered(deployment: Deployment, app: RelyingParty) -> None:
    alice = Meddler(deployment)
    alice.extra = {name: value for name, value in _everything(deployment).items() if name not in {"username", "action"}}
    location = alice.approve(app.authorization_url(scope="openid accounts", state="ours"))
    assert location.startswith(f"{REDIRECT_URI}?")
    assert "state=ours" in location
    token = claims_of(app.redeem(code_of(location)).json["access_token"])
    assert (token["scope"], token["aud"]) == ("openid accounts", [BANK, ISSUER])
    with deployment.database.read() as connection:
        (consent,) = connection.execute(select(consents)).all()
    assert consent.account_id != alice.extra["account_id"]


@pytest.mark.spec("ASVS5-8.2.2", "ASVS5-15.3.3")
def test_fields_that_no_page_has_reach_no_other_person(deployment: Deployment) -> None:
    bob = _everything(deployment)["account_id"]
    enrol_passkey(deployment, "bob")
    alice = Meddler(deployment)
    page = alice.enter_code(alice.sign_in(alice.open("/account/methods")))
    assert page.request.path == "/account/methods"
    alice.extra = {name: value for name, value in _everything(deployment).items() if name != "action"}
    before = {table: [row for row in rows if bob in row] for table, rows in read_state(deployment.database).items()}
    forms = [
        ("/account/password", {"password": alice.password, "new_password": "seven-quiet-herons-wade"}),
        ("/account/recovery-codes", {}),
        ("/account/sessions", {"action": "end_others"}),
        ("/account/methods", {"action": "remove_generator"}),
        ("/account/apps", {}),
    ]
    for path, fields in forms:
        alice.submit(path, alice.open(path if path != "/account/apps" else "/account/password"), **fields)
    after = {table: [row for row in rows if bob in row] for table, rows in read_state(deployment.database).items()}
    assert after == before
    assert "password.changed" in {event.name for event in deployment.events}


@pytest.mark.spec("ASVS5-10.7.3")
def test_a_form_that_names_an_app_beside_a_permission_ends_no_more_than_the_permission(
    deployment: Deployment, app: RelyingParty
) -> None:
    alice = Person(deployment)
    alice.approve(app.authorization_url(scope="openid accounts"))
    (permission,) = set(re.findall(r"permission=([^\"]+)", alice.open("/account/apps").text))
    page = alice.open(f"/account/apps?permission={permission}")
    alice.submit("/account/apps", page)
    deployment.wait(30)
    Person(deployment).approve(app.authorization_url(scope="openid accounts"))
    token = dict(HIDDEN.findall(alice.open("/account/password").text))[FIELD]
    before = read_state(deployment.database)["consents"]
    alice.submit("/account/apps", page, permission=permission, client=app.client_id, **{FIELD: token})
    assert read_state(deployment.database)["consents"] == before
