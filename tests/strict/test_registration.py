"""Clients that register themselves: what they may say, by which token, and how they look after it."""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from werkzeug.test import TestResponse

from authserver.app.operations import operation_parts
from authserver.clients.store import find_client
from authserver.events.journal import Journal
from authserver.events.model import Actor
from authserver.operations.acts import MakeInitialToken
from authserver.operations.perform import perform
from authserver.protocol.names_alike import looks_like
from tests.support.deployment import ISSUER, Deployment
from tests.support.jose import private_key, public_jwk
from tests.support.login_app import finish, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.races import at_once
from tests.support.relying_party import REDIRECT_URI, RelyingParty, register

APP: dict[str, Any] = {
    "client_name": "Weekend Reader",
    "redirect_uris": [REDIRECT_URI],
    "grant_types": ["authorization_code", "refresh_token"],
    "token_endpoint_auth_method": "none",
}
Answer = TestResponse


@pytest.fixture
def closed(new_deployment: Callable[..., Deployment]) -> Deployment:
    """A deployment at which a token is needed."""
    return new_deployment(registration="token", limit_registration_address="")


@pytest.fixture
def opened(new_deployment: Callable[..., Deployment]) -> Deployment:
    """A deployment at which anyone may register."""
    return new_deployment(registration="open", limit_registration_address="")


def make_token(deployment: Deployment, uses: int = 1, profile: str = "oidc", seconds: int = 600) -> str:
    parts = deployment.app.extensions["authserver"]
    works_with = operation_parts(parts.settings, deployment.database, lambda: parts.envelope, Journal(lambda _: None))
    act = MakeInitialToken(profile, uses, seconds)
    return perform(act, Actor("operator", "root"), deployment.now, works_with).token


def ask(
    deployment: Deployment, method: str, path: str, token: str = "", document: object = None, **headers: str
) -> Answer:
    given = {"Authorization": f"Bearer {token}"} if token else {}
    body = document if isinstance(document, bytes) else b"" if document is None else json.dumps(document).encode()
    sent = {"Content-Type": "application/json", **given, **headers}
    return deployment.app.test_client().open(path, base_url=ISSUER, method=method, data=body, headers=sent)


def sign_up(deployment: Deployment, token: str = "", **changes: object) -> Answer:
    document = {name: value for name, value in {**APP, **changes}.items() if value is not None}
    return ask(deployment, "POST", "/register", token, document)


def told(answer: Answer, status: int = 201) -> dict[str, Any]:
    assert answer.status_code == status, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    members: dict[str, Any] = json.loads(answer.data)
    return members


def refused(answer: Answer) -> tuple[int, str]:
    return answer.status_code, json.loads(answer.data)["error"]


def path_of(members: Mapping[str, Any]) -> str:
    return str(members["registration_client_uri"]).removeprefix(ISSUER)


def as_app(deployment: Deployment, members: Mapping[str, Any]) -> RelyingParty:
    """Return the client that was registered, as the tests' other apps."""
    return RelyingParty(
        deployment,
        members["client_id"],
        method=members["token_endpoint_auth_method"],
        secret=members.get("client_secret"),
    )


@pytest.mark.spec("RFC7591-3.1", "RFC7591-3.2.1", "RFC7592-3", "OIDCR-3.1")
def test_an_app_registers_itself_and_signs_a_person_in_at_once(opened: Deployment) -> None:
    members = told(sign_up(opened))
    assert members["client_id_issued_at"] == opened.now
    assert members["redirect_uris"] == [REDIRECT_URI]
    assert members["response_types"] == ["code"]
    assert members["id_token_signed_response_alg"] == "RS256"
    assert "client_secret" not in members
    assert set(members["scope"].split()) >= {"openid", "profile", "email", "offline_access"}
    assert "groups" not in members["scope"].split()
    app, alice = as_app(opened, members), Person(opened)
    page = finish(alice, alice.open(plain_url(app)))
    tokens = app.redeem(code_of(page.headers["Location"])).json
    assert app.userinfo(tokens["access_token"]).json["email"]


@pytest.mark.spec("RFC7591-2", "RFC7591-3.2.1")
def test_who_names_no_method_gets_a_secret_that_works(opened: Deployment) -> None:
    members = told(sign_up(opened, token_endpoint_auth_method=None, grant_types=["authorization_code"]))
    assert members["token_endpoint_auth_method"] == "client_secret_basic"
    assert (len(members["client_secret"]) > 30, members["client_secret_expires_at"]) == (True, 0)
    app = as_app(opened, members)
    assert app.redeem("unknown").json["error"] == "invalid_grant", "and so not invalid_client"


@pytest.mark.spec("RFC7591-3", "RFC6750-3")
def test_where_a_token_is_needed_none_registers_without_and_one_for_each_use(closed: Deployment) -> None:
    for wrong in ("", "x", "é"):
        answer = sign_up(closed, wrong)
        assert refused(answer) == (401, "invalid_token")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    token = make_token(closed, uses=2)
    assert [sign_up(closed, token).status_code for _ in range(3)] == [201, 201, 401]
    late = make_token(closed, seconds=60)
    closed.wait(60)
    assert refused(sign_up(closed, late)) == (401, "invalid_token")


@pytest.mark.spec("RFC7591-3")
def test_a_refused_registration_uses_no_token_up(closed: Deployment) -> None:
    token = make_token(closed)
    assert refused(sign_up(closed, token, redirect_uris=["javascript:alert(1)"])) == (400, "invalid_redirect_uri")
    assert sign_up(closed, token).status_code == 201


@pytest.mark.spec("RFC7591-3")
def test_of_many_with_one_token_at_one_moment_one_registers(closed: Deployment) -> None:
    token = make_token(closed)
    answers = at_once([partial(sign_up, closed, token) for _ in range(6)])
    assert sorted(answer.status_code for answer in answers) == [201, 401, 401, 401, 401, 401]


@pytest.mark.spec("RFC7591-3", "FAPI2-SP-FINAL-5.3.2.1-6")
def test_a_token_for_financial_clients_registers_such_under_all_their_rules(closed: Deployment) -> None:
    token = make_token(closed, uses=3, profile="fapi2")
    assert refused(sign_up(closed, token))[0] == 400, "without a credential"
    key = {"keys": [public_jwk(private_key("ES256", "bank-app"))]}
    members = told(
        sign_up(
            closed,
            token,
            token_endpoint_auth_method="private_key_jwt",
            jwks=key,
            scope="openid accounts",
            tls_client_certificate_bound_access_tokens=True,
        )
    )
    assert members["profile"] == "fapi2"
    assert refused(sign_up(closed, token, profile="oidc")) == (400, "invalid_client_metadata")


@pytest.mark.parametrize(
    ("member", "value", "error"),
    [
        ("client_id", "chosen", "invalid_client_metadata"),
        ("profile", "fapi2", "invalid_client_metadata"),
        ("request_limit", "9/second", "invalid_client_metadata"),
        ("checked_by", "Somebody", "invalid_client_metadata"),
        ("resource", ["https://bank.example/"], "invalid_client_metadata"),
        ("refresh_rotation", "never", "invalid_client_metadata"),
        ("is_admin", True, "invalid_client_metadata"),
        ("software_statement", "x.y.z", "invalid_client_metadata"),
        ("sector_identifier_uri", "https://169.254.169.254/", "invalid_client_metadata"),
        ("scope", "openid accounts", "invalid_client_metadata"),
        ("scope", 7, "invalid_client_metadata"),
        ("grant_types", ["password"], "invalid_client_metadata"),
        ("grant_types", ["implicit"], "invalid_client_metadata"),
        ("response_types", ["token"], "invalid_client_metadata"),
        ("token_endpoint_auth_method", "made_up", "invalid_client_metadata"),
        ("client_name", "x" * 101, "invalid_client_metadata"),
        ("logo_uri", "http://app.example/logo", "invalid_client_metadata"),
        ("policy_uri", "javascript:alert(1)", "invalid_client_metadata"),
        ("jwks_uri", "https://127.0.0.1/jwks", "invalid_client_metadata"),
        ("jwks_uri", "https://10.0.0.1/jwks", "invalid_client_metadata"),
        ("redirect_uris", [], "invalid_redirect_uri"),
        ("redirect_uris", ["https://app.example/#fragment"], "invalid_redirect_uri"),
        ("redirect_uris", ["http://app.example/"], "invalid_redirect_uri"),
        ("redirect_uris", ["data:text/html,x"], "invalid_redirect_uri"),
        ("redirect_uris", [f"https://app.example/{n}" for n in range(51)], "invalid_client_metadata"),
        ("redirect_uris", "https://app.example/", "invalid_client_metadata"),
        ("allowed_cors_origins", ["*"], "invalid_client_metadata"),
        ("post_logout_redirect_uris", ["javascript:alert(1)"], "invalid_redirect_uri"),
    ],
)
@pytest.mark.spec("RFC7591-3.2.2", "RFC7591-5")
def test_what_cannot_be_had_is_refused_by_name_and_nothing_is_registered(
    opened: Deployment, member: str, value: object, error: str
) -> None:
    before = _count(opened)
    answer = ask(opened, "POST", "/register", "", {**APP, member: value})
    assert refused(answer) == (400, error), answer.text
    assert member in json.loads(answer.data)["error_description"]
    assert _count(opened) == before


@pytest.mark.spec("RFC7591-5", "RFC7591-2")
def test_keys_with_private_parts_and_keys_beside_a_secret_are_refused(opened: Deployment) -> None:
    private = private_key("ES256", "leaky").as_dict(private=True)
    for method in ("private_key_jwt", "client_secret_basic"):
        answer = sign_up(opened, token_endpoint_auth_method=method, jwks={"keys": [private]})
        assert refused(answer) == (400, "invalid_client_metadata")


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", "application/json"),
        (b"{", "application/json"),
        (b"[]", "application/json"),
        (b'"x"', "application/json"),
        (b"\xff\xfe", "application/json"),
        (b"[" * 5000, "application/json"),
        (b"client_name=x", "application/x-www-form-urlencoded"),
        (b"{}", "text/plain"),
    ],
)
@pytest.mark.spec("RFC7591-3.1", "RFC7591-3.2.2")
def test_what_is_no_registration_is_refused(opened: Deployment, body: bytes, content_type: str) -> None:
    answer = ask(opened, "POST", "/register", "", body, **{"Content-Type": content_type})
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize(
    "name", ["Harbour Ledger", "HARBOUR  ledger", "H\u0430rbour Ledger", "Harbour-Ledger", "Harb0ur Ledger"]
)
@pytest.mark.spec("RFC7591-5")
def test_no_client_takes_the_name_of_one_that_an_operator_registered(opened: Deployment, name: str) -> None:
    register(opened, "ledger", client_name="Harbour Ledger")
    assert refused(sign_up(opened, client_name=name)) == (400, "invalid_client_metadata")
    members = told(sign_up(opened, client_name="Harbour Ledger for Tides"))
    document = {**APP, "client_id": members["client_id"], "client_name": name}
    answer = ask(opened, "PUT", path_of(members), members["registration_access_token"], document)
    assert refused(answer) == (400, "invalid_client_metadata"), "nor by a change of its registration"


@pytest.mark.spec("RFC7592-2.1", "RFC7592-2.2", "RFC7592-2.3", "RFC7592-3")
def test_a_client_reads_replaces_and_deletes_its_registration(opened: Deployment) -> None:
    members = told(sign_up(opened))
    path, token = path_of(members), members["registration_access_token"]

    read = told(ask(opened, "GET", path, token), 200)
    assert read["client_name"] == "Weekend Reader"
    renewed = read["registration_access_token"]
    assert renewed != token

    document = {**APP, "client_id": members["client_id"], "client_name": "Sunday Reader"}
    replaced = told(ask(opened, "PUT", path, renewed, document), 200)
    assert replaced["client_name"] == "Sunday Reader"
    assert refused(ask(opened, "GET", path, token)) == (401, "invalid_token"), "two tokens ago"

    newest = replaced["registration_access_token"]
    assert ask(opened, "DELETE", path, newest).status_code == 204
    assert refused(ask(opened, "GET", path, newest)) == (401, "invalid_token")
    opened.wait(2)
    gone = as_app(opened, members)
    assert gone.redeem("x").json["error"] == "invalid_client"


@pytest.mark.spec("RFC7592-3")
def test_an_answer_that_was_lost_locks_no_client_out(opened: Deployment) -> None:
    members = told(sign_up(opened))
    path, token = path_of(members), members["registration_access_token"]
    lost = [told(ask(opened, "GET", path, token), 200)["registration_access_token"] for _ in range(3)]
    assert len({token, *lost}) == 4
    assert ask(opened, "GET", path, lost[-1]).status_code == 200
    assert refused(ask(opened, "GET", path, lost[0])) == (401, "invalid_token")


@pytest.mark.spec("RFC7592-2", "RFC7592-2.2")
def test_no_other_token_opens_a_registration_and_no_document_of_another_changes_it(opened: Deployment) -> None:
    mine, others = told(sign_up(opened)), told(sign_up(opened, client_name="Other"))
    for token in ("", "x", others["registration_access_token"]):
        for method in ("GET", "PUT", "DELETE"):
            assert refused(ask(opened, method, path_of(mine), token, {})) == (401, "invalid_token")
    token = mine["registration_access_token"]
    for wrong in (
        {**APP, "client_id": others["client_id"]},
        dict(APP),
        {**APP, "client_id": mine["client_id"], "client_id_issued_at": 1},
        {**APP, "client_id": mine["client_id"], "scope": "openid payments"},
        {**APP, "client_id": mine["client_id"], "checked_by": "Somebody"},
    ):
        answer = ask(opened, "PUT", path_of(mine), token, wrong)
        assert answer.status_code == 400, answer.text
    register_login_app(opened, "by-operator")
    assert refused(ask(opened, "GET", "/register?client_id=by-operator", token)) == (401, "invalid_token")


@pytest.mark.spec("RFC7592-3")
def test_of_many_that_read_at_one_moment_no_token_that_was_told_is_dead(opened: Deployment) -> None:
    members = told(sign_up(opened))
    path, token = path_of(members), members["registration_access_token"]
    answers = at_once([partial(ask, opened, "GET", path, token) for _ in range(6)])
    newest = [json.loads(each.data)["registration_access_token"] for each in answers if each.status_code == 200]
    assert newest
    assert {each.status_code for each in answers} <= {200, 401}
    assert any(ask(opened, "GET", path, each).status_code == 200 for each in reversed(newest))


@pytest.mark.spec("RFC7592-2.2", "RFC7592-3")
def test_of_changes_at_one_moment_those_that_are_refused_have_changed_nothing(opened: Deployment) -> None:
    members = told(sign_up(opened))
    path, token = path_of(members), members["registration_access_token"]
    documents = [{**APP, "client_id": members["client_id"], "client_name": f"Reader {number}"} for number in range(6)]
    answers = at_once([partial(ask, opened, "PUT", path, token, each) for each in documents])
    assert {answer.status_code for answer in answers} <= {200, 401}
    accepted = {json.loads(each.data)["client_name"] for each in answers if each.status_code == 200}
    with opened.database.read() as connection:
        record = find_client(connection, members["client_id"])
    assert record is not None
    assert record.metadata["client_name"] in accepted


@pytest.mark.spec("RFC7591-5")
def test_registering_is_limited_for_each_address(new_deployment: Callable[..., Deployment]) -> None:
    deployment = new_deployment(registration="open", limit_registration_address="3/minute")
    statuses = [sign_up(deployment, client_name=f"App {number}").status_code for number in range(4)]
    assert statuses == [201, 201, 201, 429]


@pytest.mark.spec("RFC8414-2", "OIDCD-3")
def test_it_is_off_unless_an_operator_wants_it(deployment: Deployment, opened: Deployment) -> None:
    assert ask(deployment, "POST", "/register", "", APP).status_code == 404
    for each, expected in ((deployment, None), (opened, f"{ISSUER}/register")):
        document = each.app.test_client().get("/.well-known/openid-configuration", base_url=ISSUER).json
        assert document is not None
        assert document.get("registration_endpoint") == expected


@given(
    st.dictionaries(
        st.text(max_size=30), st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists), max_size=6
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@pytest.mark.spec("RFC7591-3.2.2")
def test_whatever_is_said_is_answered_in_the_terms_of_the_specification(
    opened: Deployment, document: dict[str, object]
) -> None:
    answer = ask(opened, "POST", "/register", "", {**APP, **document})
    assert answer.status_code in {201, 400}
    assert answer.status_code == 201 or json.loads(answer.data)["error"].startswith("invalid_")


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("Bank", "bank", True),
        ("Bank", "B\u0430nk", True),
        ("Bank", "Bank2", False),
        ("", "", False),
        ("Kern", "Kem", True),
    ],
)
def test_names_are_compared_as_a_person_reads_them(one: str, other: str, *, alike: bool) -> None:
    assert looks_like(one, other) is alike


def _count(deployment: Deployment) -> int:
    with deployment.database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM clients").scalar_one())
