"""Introspection: a resource server sees its own tokens while they are good, and no one sees anything else."""

from dataclasses import replace

import pytest

from authserver.db.engine import Database
from authserver.protocol.details.registry import TYPES
from tests.support.deployment import BANK, ISSUER, VAULT, Deployment, deploy
from tests.support.details import ACCOUNTS, EVERY_TYPE, PAYMENT, RECURRING
from tests.support.endings import disable_client, lock_person
from tests.support.grants import make_code
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, claims_of, register, register_bank, register_vault

INACTIVE = {"active": False}
TOLD = {"active", "iss", "sub", "aud", "client_id", "scope", "jti", "iat", "exp", "cnf", "token_type"}


@pytest.fixture
def bank(deployment: Deployment) -> RelyingParty:
    """The bank's API, which takes JWTs."""
    return register_bank(deployment)


@pytest.fixture
def vault(deployment: Deployment) -> RelyingParty:
    """Another resource server, which takes opaque tokens."""
    return register_vault(deployment)


@pytest.fixture
def client(deployment: Deployment, bank: RelyingParty, vault: RelyingParty) -> RelyingParty:  # noqa: ARG001  they must be there for it to name them
    """An app that uses both."""
    return register(deployment, scope="openid email accounts vault")


@pytest.fixture
def tokens(client: RelyingParty, alice: Person) -> dict[str, str]:
    """What the app got for Alice's accounts."""
    return dict(client.redeem(code_of(alice.approve(client.authorization_url()))).json)


@pytest.mark.spec("RFC7662-2.2-1", "RFC8705-3.2-1", "RFC7662-2.1-1", "RFC7662-4-2")
def test_the_audience_sees_an_active_token_with_what_concerns_it(bank: RelyingParty, tokens: dict[str, str]) -> None:
    reply = bank.introspect(tokens["access_token"])
    claims = claims_of(tokens["access_token"])

    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
    assert "no-store" in reply.headers["Cache-Control"]
    assert set(reply.json) == TOLD | {"auth_time", "acr", "amr"}
    assert reply.json["active"] is True
    for name in ("iss", "sub", "client_id", "jti", "iat", "exp", "cnf", "acr", "auth_time"):
        assert reply.json[name] == claims[name]
    assert reply.json["aud"] == BANK


@pytest.mark.spec("RFC7662-5-1", "RFC9068-6-1", "RFC7662-2.2-2")
def test_nothing_about_the_person_is_told_but_the_subject(bank: RelyingParty, tokens: dict[str, str]) -> None:
    told = bank.introspect(tokens["access_token"]).text
    for personal in ("alice", "Alice", "example.com", "Lisbon", "+351"):
        assert personal not in told


@pytest.mark.spec("RFC7662-2.2-2", "RFC7662-2.2-1")
def test_another_resource_server_learns_nothing(
    bank: RelyingParty, vault: RelyingParty, client: RelyingParty, tokens: dict[str, str]
) -> None:
    assert vault.introspect(tokens["access_token"]).json == INACTIVE
    opaque = client.client_credentials(scope="vault", resource=VAULT).json["access_token"]
    assert vault.introspect(opaque).json["active"] is True
    assert bank.introspect(opaque).json == INACTIVE


@pytest.mark.spec("RFC7662-2.2-2")
def test_of_a_token_for_several_each_is_told_only_of_itself(
    bank: RelyingParty, vault: RelyingParty, client: RelyingParty
) -> None:
    token = client.client_credentials(scope="accounts vault").json["access_token"]
    assert bank.introspect(token).json["aud"] == BANK
    assert vault.introspect(token).json["aud"] == VAULT


@pytest.mark.spec("RFC7662-2.2-2", "RFC7662-2.1-2")
def test_a_client_that_is_no_resource_server_learns_nothing_even_of_its_own_token(
    client: RelyingParty, tokens: dict[str, str]
) -> None:
    for token in (tokens["access_token"], tokens["refresh_token"]):
        assert client.introspect(token).json == INACTIVE


@pytest.mark.parametrize("hint", [None, "refresh_token", "access_token"])
@pytest.mark.spec("RFC7662-2.2-2")
def test_no_one_learns_anything_of_a_refresh_token(
    bank: RelyingParty, tokens: dict[str, str], hint: str | None
) -> None:
    assert bank.introspect(tokens["refresh_token"], token_type_hint=hint).json == INACTIVE


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "foo", "é"])
@pytest.mark.spec("RFC7662-2.1-3")
def test_a_hint_that_misses_is_no_obstacle(bank: RelyingParty, tokens: dict[str, str], hint: str) -> None:
    assert bank.introspect(tokens["access_token"], token_type_hint=hint).json["active"] is True


@pytest.mark.spec("RFC7662-2.2-1", "RFC7662-4-1")
def test_what_is_no_access_token_is_inactive(bank: RelyingParty, tokens: dict[str, str]) -> None:
    header, claims, signature = tokens["access_token"].split(".")
    altered = [f"{header}.{claims}.", f"{header}.{claims}.{signature[:-1]}", tokens["access_token"] + "="]
    for token in ("x", "é", "x" * 9000, tokens["id_token"], "a.b.c", *altered):
        reply = bank.introspect(token)
        assert (reply.status_code, reply.json) == (200, INACTIVE)


@pytest.mark.spec("RFC7662-4-1")
def test_an_expired_token_is_inactive(bank: RelyingParty, tokens: dict[str, str]) -> None:
    bank.deployment.wait(299)
    assert bank.introspect(tokens["access_token"]).json["active"] is True
    bank.deployment.wait(1)
    assert bank.introspect(tokens["access_token"]).json == INACTIVE


@pytest.mark.spec("RFC7662-4-1", "RFC7009-2.1-2")
def test_a_revoked_jwt_is_inactive_at_once(client: RelyingParty, bank: RelyingParty, tokens: dict[str, str]) -> None:
    assert client.revoke(tokens["access_token"]).status_code == 200
    assert bank.introspect(tokens["access_token"]).json == INACTIVE


@pytest.mark.spec("RFC7662-4-1")
def test_a_locked_account_ends_its_tokens(client: RelyingParty, bank: RelyingParty, tokens: dict[str, str]) -> None:
    lock_person(bank.deployment)
    assert bank.introspect(tokens["access_token"]).json == INACTIVE
    assert client.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.spec("RFC7662-4-1")
def test_a_disabled_client_ends_its_tokens(client: RelyingParty, bank: RelyingParty, tokens: dict[str, str]) -> None:
    own = client.client_credentials(scope="accounts").json["access_token"]
    assert bank.introspect(own).json["active"] is True
    disable_client(bank.deployment, client.client_id)
    for token in (tokens["access_token"], own):
        assert bank.introspect(token).json == INACTIVE
    assert client.userinfo(tokens["access_token"]).status_code == 401
    assert refusal(client.refresh(tokens["refresh_token"])) == (401, "invalid_client")


@pytest.mark.spec("RFC7662-2.1-2", "RFC7662-2.3-1")
def test_a_disabled_resource_server_may_not_ask(bank: RelyingParty, tokens: dict[str, str]) -> None:
    disable_client(bank.deployment, bank.client_id)
    assert refusal(bank.introspect(tokens["access_token"])) == (401, "invalid_client")


@pytest.mark.spec("RFC7662-2.3-1", "RFC7662-2.1-2")
def test_whoever_does_not_authenticate_may_not_ask(bank: RelyingParty, tokens: dict[str, str]) -> None:
    assert refusal(replace(bank, certificate=None).introspect(tokens["access_token"])) == (401, "invalid_client")
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert refusal(bank.send("/introspect", {"token": "x"}, headers=headers)) == (401, "invalid_client")


@pytest.mark.spec("RFC7662-2.1-1", "RFC7662-2.2-1")
def test_no_token_is_an_invalid_request_and_get_is_no_way_to_ask(bank: RelyingParty) -> None:
    assert refusal(bank.introspect("")) == (400, "invalid_request")
    assert bank.send("/introspect?token=x", certificate=bank.certificate).status_code == 405


@pytest.mark.spec("RFC9449-6.2-1")
def test_a_dpop_token_is_told_as_one(deployment: Deployment, bank: RelyingParty, alice: Person) -> None:
    app = register(deployment, "dpop-app", dpop_bound_access_tokens=True)
    token = app.redeem(code_of(alice.approve(app.authorization_url()))).json["access_token"]
    told = bank.introspect(token).json
    assert told["token_type"] == "DPoP"
    assert told["cnf"] == {"jkt": app.dpop_key.thumbprint()}


@pytest.mark.spec("RFC7662-2.2-2")
def test_the_issuer_is_told_to_no_one_as_an_audience(bank: RelyingParty, tokens: dict[str, str]) -> None:
    assert claims_of(tokens["access_token"])["aud"] == [BANK, ISSUER]
    assert ISSUER not in str(bank.introspect(tokens["access_token"]).json["aud"])


SIGNED = "application/token-introspection+jwt"


@pytest.fixture
def lenient(sqlite_database: Database, sqlite_url: str) -> Deployment:
    """A deployment whose APIs may keep what they are told for ten seconds."""
    return deploy(sqlite_database, sqlite_url, introspection_max_age=10)


@pytest.mark.parametrize("accept", ["application/json", SIGNED])
@pytest.mark.spec("RFC7662-4-3", "RFC9111-5.2.2", "RFC9110-12.5.5")
def test_an_answer_may_be_kept_where_the_operator_says_so_and_not_beyond_the_token(
    lenient: Deployment, accept: str
) -> None:
    bank, app = register_bank(lenient), register(lenient)
    token = app.client_credentials(scope="accounts").json["access_token"]
    reply = bank.introspect(token, accept=accept)
    assert reply.headers.getlist("Cache-Control") == ["private, max-age=10"]
    assert (reply.headers["Vary"], reply.headers.get("Pragma")) == ("Accept", None)
    lenient.wait(297)
    assert bank.introspect(token, accept=accept).headers["Cache-Control"] == "private, max-age=3"
    lenient.wait(3)
    assert bank.introspect(token, accept=accept).headers["Cache-Control"] == "no-store"


@pytest.mark.spec("RFC7662-4-2", "RFC7662-4-3")
def test_what_is_not_active_or_pays_is_never_to_be_kept(lenient: Deployment) -> None:
    bank, app = register_bank(lenient), register(lenient)

    def kept(*details: dict[str, object]) -> str:
        token = app.redeem(make_code(lenient, app.client_id, details=details)).json["access_token"]
        reply = bank.introspect(token)
        assert reply.json["active"] is True
        return str(reply.headers["Cache-Control"])

    assert bank.introspect("unknown").headers["Cache-Control"] == "no-store"
    assert kept(ACCOUNTS) == "private, max-age=10"
    assert kept(PAYMENT) == kept(ACCOUNTS, PAYMENT) == "no-store"
    assert kept(RECURRING) == kept(ACCOUNTS, RECURRING) == "no-store"
    for detail in EVERY_TYPE:
        assert (kept(detail) == "no-store") is TYPES[detail["type"]].is_payment
