"""Attacks that a review tried, each of which once worked."""

from urllib.parse import urlsplit

import pytest
from sqlalchemy import text
from werkzeug.test import TestResponse

from authserver.clients import store as clients
from authserver.clients.registration import prepare_registration
from authserver.db.engine import Database
from authserver.protocol.errors import InvalidClientMetadata
from tests.support.authority import CertificateWithKey, common_name
from tests.support.deployment import BANK, VAULT, Deployment, authority, deploy
from tests.support.jose import private_key, public_jwk
from tests.support.person import Person, code_of
from tests.support.relying_party import (
    ASSERTION_TYPE,
    REDIRECT_URI,
    RelyingParty,
    answer_of,
    basic,
    register,
    register_bank,
    register_vault,
)


@pytest.mark.spec("OIDCC-3.1.2.1", "RFC9470-4")
def test_a_fresh_code_does_not_make_an_old_password_fresh(app: RelyingParty, alice: Person) -> None:
    alice.approve(app.authorization_url(scope="openid"))
    app.deployment.wait(600)
    page = alice.open(app.authorization_url(max_age="60"))
    assert page.request.path == "/login"

    skipped_to = alice.open(f"/login/totp?interaction={page.request.args['interaction']}")
    after_code = alice.enter_code(skipped_to)

    assert after_code.request.path == "/login"


@pytest.mark.spec("RFC8707-2.2", "ASVS5-10.7.2")
def test_consent_for_one_resource_is_no_consent_for_every_resource(deployment: Deployment, alice: Person) -> None:
    register_bank(deployment)
    register_vault(deployment)
    app = register(deployment, scope="openid accounts vault")
    alice.approve(app.authorization_url(scope="openid accounts vault", resource=BANK))

    narrow = answer_of(_silently(alice, app, scope="openid accounts vault", resource=BANK))
    broad = answer_of(_silently(alice, app, scope="openid accounts vault"))
    other = answer_of(_silently(alice, app, scope="openid accounts vault", resource=VAULT))

    assert "code" in narrow
    assert (broad["error"], other["error"]) == ("consent_required", "consent_required")


@pytest.mark.spec("OIDCC-5.5", "RFC6749-10.2")
def test_an_app_cannot_write_its_own_words_on_the_consent_page(app: RelyingParty, alice: Person) -> None:
    asked = '{"userinfo": {"checked_by_your_bank_on_your_behalf": null, "phone_number": null}}'
    app.deployment.change_client(app.client_id, scope="openid phone accounts")

    page = _up_to_consent(alice, app.authorization_url(claims=asked))

    assert page.status_code == 200
    assert "Phone number" in page.text
    assert "hecked by your bank" not in page.text


@pytest.mark.spec("RFC6749-4.1.2.1", "RFC9700-4.11.2")
def test_a_client_disabled_on_the_way_gets_no_answer(app: RelyingParty, alice: Person) -> None:
    page = _up_to_consent(alice, app.authorization_url())
    with app.deployment.database.transaction() as connection:
        clients.set_disabled(connection, app.client_id, app.deployment.now)
    app.deployment.wait(3)

    answers = [alice.open(f"/authorize/continue?{urlsplit(page.request.url).query}"), alice.decide(page, "approve")]

    for way_out in answers:
        assert way_out.status_code == 400
        assert "Authorization error" in way_out.text


@pytest.mark.parametrize("decision", ["approve", "deny"])
@pytest.mark.spec("RFC9700-2.1", "RFC9700-4.11.2")
def test_a_redirect_uri_withdrawn_on_the_way_gets_no_answer(app: RelyingParty, alice: Person, decision: str) -> None:
    page = _up_to_consent(alice, app.authorization_url())
    with app.deployment.database.transaction() as connection:
        record = clients.find_client(connection, app.client_id)
        assert record is not None
        moved = {**record.metadata, "redirect_uris": ["https://app.example/another"]}
        clients.replace_metadata(connection, app.client_id, moved)
    app.deployment.wait(3)

    way_out = alice.decide(page, decision)

    assert way_out.status_code == 400
    assert "Authorization error" in way_out.text


@pytest.mark.spec("RFC6749-10.1", "RFC7523-3-9")
def test_the_keys_of_a_deleted_client_do_not_serve_its_successor(deployment: Deployment) -> None:
    compromised = register(deployment, "app", scope="reports")
    assert compromised.client_credentials().status_code == 200
    with deployment.database.transaction() as connection:
        clients.delete_client(connection, "app", deployment.now)
    successor_key = private_key("ES256", "successor")
    jwks = {"keys": [public_jwk(successor_key, kid=successor_key.thumbprint(), use="sig")]}
    register(deployment, "app", scope="reports", jwks=jwks)
    deployment.wait(3)

    assert compromised.client_credentials().json["error"] == "invalid_client"


@pytest.mark.spec("RFC6749-5.2")
def test_a_client_id_with_a_nul_is_an_unknown_client(either: Deployment) -> None:
    app = register(either)
    assertion = app.assertion(iss="a\x00b", sub="a\x00b")
    form = {"grant_type": "client_credentials"}

    by_assertion = app.send("/token", {**form, "client_assertion_type": ASSERTION_TYPE, "client_assertion": assertion})
    by_basic = app.send("/token", form, headers={"Authorization": basic("a\x00b", "x")})

    assert (by_assertion.status_code, by_assertion.json["error"]) == (401, "invalid_client")
    assert (by_basic.status_code, by_basic.json["error"]) == (401, "invalid_client")


@pytest.mark.spec("RFC6585-4")
def test_failures_from_one_ipv6_subscriber_are_counted_together(sqlite_database: Database, sqlite_url: str) -> None:
    deployment = deploy(sqlite_database, sqlite_url, limit_client_authentication_failure="3/minute")
    app = register(deployment)

    answers = [
        app.send("/token", {"grant_type": "client_credentials"}, headers={"X-Forwarded-For": f"2001:db8::{host}"})
        for host in range(1, 5)
    ]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]


@pytest.mark.spec("RFC6749-10.2", "OIDCC-3.1.2.4")
def test_what_one_person_was_shown_is_not_allowed_for_another(app: RelyingParty, alice: Person) -> None:
    alices_page = _up_to_consent(alice, app.authorization_url(scope="openid"))
    assert "Signed in as alice" in alices_page.text
    bobs_page = _switch_to_bob(alice, alices_page)
    assert "Signed in as bob" in bobs_page.text

    answer = alice.decide(alices_page, "approve")

    assert answer.status_code == 400
    with app.deployment.database.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM consents")).scalar_one() == 0


@pytest.mark.spec("OIDCC-3.1.2.4")
def test_who_takes_over_after_a_consent_finds_nothing_to_go_on_with(app: RelyingParty, alice: Person) -> None:
    page = _up_to_consent(alice, app.authorization_url(scope="openid"))
    assert "code" in answer_of(alice.decide(page, "approve").headers["Location"])

    assert alice.open(f"/login?{urlsplit(page.request.url).query}").status_code == 400


@pytest.mark.spec("RFC7662-2.2")
def test_a_token_whose_person_or_grant_is_gone_is_inactive(app: RelyingParty, alice: Person) -> None:
    tokens = app.redeem(code_of(alice.approve(app.authorization_url()))).json
    assert app.userinfo(tokens["access_token"]).status_code == 200
    with app.deployment.database.transaction() as connection:
        connection.execute(text("DELETE FROM accounts WHERE username = 'alice'"))
    bank = RelyingParty(app.deployment, "bank", "tls_client_auth", certificate=_certificate_of("bank", app.deployment))

    assert bank.introspect(tokens["access_token"]).json == {"active": False}


@pytest.mark.parametrize("name", ["Tiny\u202eknaB", "Tiny\nLedger", "\u2066Bank", "\u200b", "\u3164 \u2800"])
@pytest.mark.spec("RFC7591-2", "RFC7591-5")
def test_a_client_name_that_shows_itself_otherwise_is_refused(name: str) -> None:
    metadata = {"client_name": name, "redirect_uris": [REDIRECT_URI], "token_endpoint_auth_method": "tls_client_auth"}

    with pytest.raises(InvalidClientMetadata) as refused:
        prepare_registration({**metadata, "tls_client_auth_subject_dn": "CN=x"}, default_profile="fapi2")

    assert refused.value.member == "client_name"


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.1-4")
def test_a_profile_the_deployment_does_not_have_lets_no_client_in(sqlite_database: Database, sqlite_url: str) -> None:
    deployment = deploy(sqlite_database, sqlite_url, profiles=("fapi2",))
    weak = register_plain(deployment, scope="openid")

    assert weak.client_credentials().json["error"] == "invalid_client"


@pytest.mark.parametrize("typ", ["oauth-authz-req+jwt", "dpop+jwt", "at+jwt", "secevent+jwt"])
@pytest.mark.spec("RFC8725-3.11")
def test_a_jwt_signed_for_another_purpose_is_no_client_assertion(deployment: Deployment, typ: str) -> None:
    app = register(deployment, scope="reports")
    header = {"alg": "ES256", "kid": app.key.thumbprint(), "typ": typ}

    assert app.client_credentials(client_assertion=app.assertion(header=header)).json["error"] == "invalid_client"
    assert app.client_credentials(client_assertion=app.assertion(header={**header, "typ": "JWT"})).status_code == 200


def register_plain(deployment: Deployment, **metadata: object) -> RelyingParty:
    """Register a client of the plain OpenID profile with a secret and bearer tokens."""
    client = register(
        deployment,
        "plain",
        profile="oidc",
        token_endpoint_auth_method="client_secret_basic",
        tls_client_certificate_bound_access_tokens=False,
        **metadata,
    )
    client.certificate = None
    return client


def _silently(person: Person, app: RelyingParty, **changes: object) -> str:
    """Ask with prompt=none and return the answer's URL."""
    return person.open(app.authorization_url(prompt="none", **changes)).headers["Location"]


def _up_to_consent(person: Person, url: str) -> TestResponse:
    """Sign in as far as the request needs, and return the consent page."""
    page = person.open(url)
    while page.request.path != "/consent":
        page = person.sign_in(page) if page.request.path == "/login" else person.enter_code(page)
    return page


def _switch_to_bob(person: Person, page: TestResponse) -> TestResponse:
    """Have Bob sign in, in the same browser and interaction."""
    login = person.open(f"/login?{urlsplit(page.request.url).query}")
    return person.submit(login.request.full_path, login, username="bob", password=person.password)


def _certificate_of(name: str, deployment: Deployment) -> CertificateWithKey:
    return authority().issue_client(common_name(name), deployment.now)
