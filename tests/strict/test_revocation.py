"""Revocation: what a client gives back is dead at once, with what came from it; what is another's stays."""

import pytest

from tests.support.deployment import Deployment
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, Reply, register, register_bank

GONE = (400, "invalid_grant")


@pytest.fixture
def bank(app: RelyingParty) -> RelyingParty:
    """The bank, which introspects."""
    return register_bank(app.deployment)


@pytest.fixture
def tokens(app: RelyingParty, alice: Person) -> dict[str, str]:
    """What the app got for its code."""
    return dict(app.redeem(code_of(alice.approve(app.authorization_url()))).json)


def is_done(reply: Reply) -> bool:
    """Return whether an answer is that of every revocation: 200, nothing in it, kept by no cache."""
    return (reply.status_code, reply.text) == (200, "") and "no-store" in reply.headers["Cache-Control"]


def is_active(bank: RelyingParty, access_token: str) -> bool:
    """Return whether the bank is told that a token is good."""
    return bool(bank.introspect(access_token).json["active"])


@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "foo", "é"])
@pytest.mark.spec("RFC7009-2-1", "RFC7009-2.1-2", "RFC7009-2.1-4", "RFC7009-2.2-1")
def test_an_access_token_given_back_is_dead_at_once_whatever_the_hint(
    app: RelyingParty, bank: RelyingParty, tokens: dict[str, str], hint: str | None
) -> None:
    assert is_done(app.revoke(tokens["access_token"], token_type_hint=hint))
    assert not is_active(bank, tokens["access_token"])
    assert app.userinfo(tokens["access_token"]).status_code == 401


@pytest.mark.spec("RFC7009-2-1")
def test_an_access_token_given_back_leaves_its_grant(
    app: RelyingParty, bank: RelyingParty, tokens: dict[str, str]
) -> None:
    assert is_done(app.revoke(tokens["access_token"]))
    assert is_active(bank, app.refresh(tokens["refresh_token"]).json["access_token"])


@pytest.mark.parametrize("hint", [None, "access_token", "refresh_token", "foo"])
@pytest.mark.spec("RFC7009-2.1-3", "RFC7009-2.1-2", "RFC7009-2.1-4")
def test_a_refresh_token_given_back_takes_every_token_of_its_grant_along(
    app: RelyingParty, bank: RelyingParty, tokens: dict[str, str], hint: str | None
) -> None:
    second = app.refresh(tokens["refresh_token"]).json
    assert is_done(app.revoke(second["refresh_token"], token_type_hint=hint))
    for answer in (tokens, second):
        assert not is_active(bank, answer["access_token"])
        assert refusal(app.refresh(answer["refresh_token"])) == GONE


@pytest.mark.spec("RFC7009-2.1-3")
def test_a_superseded_refresh_token_given_back_ends_the_grant_too(
    app: RelyingParty, bank: RelyingParty, tokens: dict[str, str]
) -> None:
    second = app.refresh(tokens["refresh_token"]).json
    assert is_done(app.revoke(tokens["refresh_token"]))
    assert not is_active(bank, second["access_token"])
    assert refusal(app.refresh(second["refresh_token"])) == GONE


@pytest.mark.spec("RFC7009-2.1-3")
def test_another_grant_of_the_same_person_to_the_same_client_stays(
    app: RelyingParty, alice: Person, tokens: dict[str, str]
) -> None:
    other = app.redeem(code_of(alice.approve(app.authorization_url()))).json
    assert is_done(app.revoke(tokens["refresh_token"]))
    assert app.userinfo(other["access_token"]).status_code == 200
    assert app.refresh(other["refresh_token"]).status_code == 200


@pytest.mark.spec("RFC7009-2.1-1", "RFC7009-2.2-1")
def test_another_clients_token_is_answered_alike_and_left_as_it_is(
    app: RelyingParty, bank: RelyingParty, tokens: dict[str, str]
) -> None:
    second = register(app.deployment, "second")
    for name in ("access_token", "refresh_token"):
        assert is_done(second.revoke(tokens[name]))
        assert is_done(bank.revoke(tokens[name]))
    assert is_active(bank, tokens["access_token"])
    assert app.refresh(tokens["refresh_token"]).status_code == 200
    assert "token.revoked" not in app.deployment.event_names()


@pytest.mark.spec("RFC7009-2.2-1")
def test_what_is_no_token_or_one_no_more_is_answered_alike(app: RelyingParty, tokens: dict[str, str]) -> None:
    for token in ("x", "é", "x" * 9000, tokens["id_token"], "a.b.c"):
        assert is_done(app.revoke(token))
    for _ in range(2):
        assert is_done(app.revoke(tokens["refresh_token"]))
    app.deployment.wait(301)
    assert is_done(app.revoke(tokens["access_token"]))


@pytest.mark.spec("RFC7009-2.1-2")
def test_a_code_that_was_redeemed_does_not_bring_back_what_was_revoked(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    tokens = app.redeem(code).json
    assert is_done(app.revoke(tokens["refresh_token"]))
    assert refusal(app.redeem(code)) == GONE


@pytest.mark.spec("RFC7009-2.1-1", "RFC7009-2.2.1-1", "RFC6749-3.2.1-1")
def test_without_authentication_nothing_is_revoked(
    app: RelyingParty, bank: RelyingParty, tokens: dict[str, str]
) -> None:
    for client_id in (None, "app"):
        reply = app.revoke(
            tokens["refresh_token"], client_assertion=None, client_assertion_type=None, client_id=client_id
        )
        assert refusal(reply) == (401, "invalid_client")
    assert is_active(bank, tokens["access_token"])


@pytest.mark.spec("RFC7009-2-2", "RFC7009-2.2.1-1")
def test_no_token_is_an_invalid_request_and_get_is_no_way_to_revoke(app: RelyingParty, tokens: dict[str, str]) -> None:
    assert refusal(app.revoke("")) == (400, "invalid_request")
    assert app.send(f"/revoke?token={tokens['refresh_token']}").status_code == 405
    assert app.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("RFC7009-2-1")
def test_a_client_may_give_back_a_token_of_its_own(app: RelyingParty, bank: RelyingParty) -> None:
    token = app.client_credentials(scope="accounts").json["access_token"]
    assert is_active(bank, token)
    assert is_done(app.revoke(token))
    assert not is_active(bank, token)


@pytest.mark.spec("RFC7009-2.1-2", "RFC7009-2.1-3")
def test_revocation_holds_on_every_kind_of_database(either: Deployment) -> None:
    bank, app = register_bank(either), register(either)
    tokens = app.redeem(code_of(Person(either).approve(app.authorization_url()))).json
    assert is_active(bank, tokens["access_token"])
    assert is_done(app.revoke(tokens["refresh_token"]))
    assert not is_active(bank, tokens["access_token"])
