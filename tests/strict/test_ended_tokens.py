"""Which of many tokens have ended: told to a resource server of its own tokens alone, by introspection's own rule."""

import hashlib
from collections.abc import Callable

import pytest

from authserver.clients.registry import FRESH_SECONDS
from authserver.clients.store import find_client, replace_metadata
from authserver.db.engine import Database
from authserver.keys.base64url import encode
from authserver.protocol.details.registry import TYPES
from tests.support.deployment import VAULT, Deployment, deploy
from tests.support.details import EVERY_TYPE
from tests.support.endings import disable_client, lock_person
from tests.support.grants import make_code
from tests.support.person import Person, code_of
from tests.support.refusals import refusal
from tests.support.relying_party import RelyingParty, Reply, challenge_of, register, register_bank, register_vault


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


def digest_of(reply: Reply) -> str:
    """Return what names an answer of introspection that is held."""
    return encode(hashlib.sha256(reply.data).digest()[:12]).decode()


@pytest.mark.spec("RFC7662-4-1", "RFC7662-4-3", "RFC7662-2.2-2")
def test_an_answer_that_would_be_another_now_no_longer_counts(
    either: Deployment, bank: RelyingParty, tokens: dict[str, str]
) -> None:
    token = tokens["access_token"]
    told = bank.introspect(token)
    name = challenge_of(token)
    assert bank.find_ended(token_hashes=f"{name}.{digest_of(told)}").json == {"ended": []}
    assert bank.find_ended(token_hashes=f"{name}.{'A' * 16}").json == {"ended": [name]}

    with either.database.transaction() as connection:
        record = find_client(connection, "bank")
        assert record is not None
        assert replace_metadata(connection, "bank", {**record.metadata, "resource_scopes": "payments"})
    either.wait(FRESH_SECONDS)

    assert "accounts" not in bank.introspect(token).json.get("scope", "")
    assert bank.find_ended(token_hashes=f"{name}.{digest_of(told)}").json == {"ended": [name]}
    assert bank.find_ended(token_hashes=name).json == {"ended": []}


@pytest.mark.parametrize("seconds", [0, 2])
@pytest.mark.spec("RFC7662-4-3")
def test_for_how_long_the_others_count_is_what_the_operator_says_now(
    sqlite_database: Database, sqlite_url: str, seconds: int
) -> None:
    deployment = deploy(sqlite_database, sqlite_url, introspection_max_age=seconds)
    reply = register_bank(deployment).find_ended("a")
    assert reply.headers["Cache-Control"] == (f"private, max-age={seconds}" if seconds else "no-store")


@pytest.mark.spec("RFC7662-4-2", "RTS-SCA-5.1")
def test_an_answer_about_a_payment_never_counts_again(either: Deployment, bank: RelyingParty) -> None:
    app = register(either, "payer")
    for detail in EVERY_TYPE:
        token = app.redeem(make_code(either, "payer", details=(detail,))).json["access_token"]
        assert bank.introspect(token).json["active"] is True
        assert ended(bank, token) == ([token] if TYPES[detail["type"]].is_payment else [])


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
    "hashes",
    [
        f"{challenge_of('a')}.",
        f"{challenge_of('a')}.{'A' * 15}",
        f"{challenge_of('a')}.{'A' * 43}",
        f"{challenge_of('a')}.{'A' * 16}.",
        f".{'A' * 16}",
        "",
        "x",
        "x" * 43,
        " ",
        f"{challenge_of('a')}  {challenge_of('b')}",
        "é" * 43,
        "a" * 9000,
    ],
)
@pytest.mark.spec("RFC7662-2.1-1")
def test_what_is_no_hash_is_an_invalid_request(bank: RelyingParty, hashes: str) -> None:
    assert refusal(bank.find_ended(token_hashes=hashes)) == (400, "invalid_request")


def test_a_thousand_may_be_asked_about_and_no_more(bank: RelyingParty) -> None:
    assert len(ended(bank, *map(str, range(1000)))) == 1000
    with_digests = " ".join(f"{challenge_of(str(number))}.{'A' * 16}" for number in range(1000))
    assert len(bank.find_ended(token_hashes=with_digests).json["ended"]) == 1000
    assert refusal(bank.find_ended(*map(str, range(1001)))) == (400, "invalid_request")
    assert bank.find_ended("same", "same").json["ended"] == [challenge_of("same")]


@pytest.mark.spec("RFC7662-2.1-2", "RFC7662-2.3-1")
def test_whoever_does_not_authenticate_may_not_ask(bank: RelyingParty) -> None:
    form = {"token_hashes": challenge_of("a")}
    assert refusal(bank.send("/introspect/ended", form)) == (401, "invalid_client")
    assert bank.send("/introspect/ended", certificate=bank.certificate).status_code == 405
    disable_client(bank.deployment, bank.client_id)
    assert refusal(bank.find_ended("a")) == (401, "invalid_client")
