"""Which of many tokens have ended: told to a resource server of its own tokens alone, by introspection's own rule."""

from collections.abc import Callable

import pytest

from tests.support.deployment import VAULT, Deployment
from tests.support.endings import disable_client, lock_person
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, challenge_of, register, register_bank, register_vault


@pytest.fixture
def bank(either: Deployment) -> RelyingParty:
    """The bank's API, which takes JWTs."""
    return register_bank(either)


@pytest.fixture
def vault(either: Deployment) -> RelyingParty:
    """Another resource server, which takes opaque tokens."""
    return register_vault(either)


@pytest.fixture
def client(either: Deployment, bank: RelyingParty, vault: RelyingParty) -> RelyingParty:  # noqa: ARG001  they must be there for it to name them
    """An app that uses both."""
    return register(either, scope="openid email accounts vault")


@pytest.fixture
def tokens(either: Deployment, client: RelyingParty) -> dict[str, str]:
    """What the app got for Alice's accounts."""
    return dict(client.redeem(code_of(Person(either).approve(client.authorization_url()))).json)


def ended(asker: RelyingParty, *tokens: str) -> list[str]:
    """Return those of some tokens that have ended, as the server tells the asker."""
    reply = asker.find_ended(*tokens)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/json")
    assert reply.headers["Cache-Control"] == "no-store"
    assert set(reply.json) == {"ended"}
    names = {challenge_of(token): token for token in tokens}
    return [names[name] for name in reply.json["ended"]]


@pytest.mark.spec("RFC7662-2.2-2", "RFC7662-4-1")
def test_a_good_token_of_ones_own_has_not_ended_and_any_other_has(
    bank: RelyingParty, vault: RelyingParty, client: RelyingParty, tokens: dict[str, str]
) -> None:
    opaque = client.client_credentials(scope="vault", resource=VAULT).json["access_token"]
    asked = (tokens["access_token"], opaque, "never issued", tokens["refresh_token"], tokens["id_token"])
    assert ended(bank, *asked) == list(asked[1:])
    assert ended(vault, *asked) == [asked[0], *asked[2:]]
    assert ended(client, *asked) == list(asked)


@pytest.mark.parametrize("ending", ["expired", "token revoked", "grant revoked", "locked", "client disabled"])
@pytest.mark.spec("RFC7662-4-1", "RFC7009-2.1-2")
def test_whatever_ends_a_token_is_told(
    client: RelyingParty, bank: RelyingParty, tokens: dict[str, str], ending: str
) -> None:
    assert ended(bank, tokens["access_token"]) == []
    endings: dict[str, Callable[[], object]] = {
        "expired": lambda: bank.deployment.wait(300),
        "token revoked": lambda: client.revoke(tokens["access_token"]),
        "grant revoked": lambda: client.revoke(tokens["refresh_token"]),
        "locked": lambda: lock_person(bank.deployment),
        "client disabled": lambda: disable_client(bank.deployment, client.client_id),
    }
    endings[ending]()
    assert ended(bank, tokens["access_token"]) == [tokens["access_token"]]


@pytest.mark.parametrize(
    "hashes", ["", "x", "x" * 43, " ", f"{challenge_of('a')}  {challenge_of('b')}", "é" * 43, "a" * 9000]
)
@pytest.mark.spec("RFC7662-2.1-1")
def test_what_is_no_hash_is_an_invalid_request(bank: RelyingParty, hashes: str) -> None:
    assert refusal(bank.find_ended(token_hashes=hashes)) == (400, "invalid_request")


def test_a_thousand_may_be_asked_about_and_no_more(bank: RelyingParty) -> None:
    assert len(ended(bank, *map(str, range(1000)))) == 1000
    assert refusal(bank.find_ended(*map(str, range(1001)))) == (400, "invalid_request")
    assert bank.find_ended("same", "same").json["ended"] == [challenge_of("same")]


@pytest.mark.spec("RFC7662-2.1-2", "RFC7662-2.3-1")
def test_whoever_does_not_authenticate_may_not_ask(bank: RelyingParty) -> None:
    form = {"token_hashes": challenge_of("a")}
    assert refusal(bank.send("/introspect/ended", form)) == (401, "invalid_client")
    assert bank.send("/introspect/ended", certificate=bank.certificate).status_code == 405
    disable_client(bank.deployment, bank.client_id)
    assert refusal(bank.find_ended("a")) == (401, "invalid_client")
