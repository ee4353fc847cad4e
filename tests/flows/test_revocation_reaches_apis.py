"""An API that keeps answers refuses a token within two seconds of its end, with one question for all its tokens."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import pytest

from authserver.db.engine import Database
from authserver.keys.base64url import decode, encode
from authserver.protocol.errors import InvalidToken, TemporarilyUnavailable
from authserver.resource.introspection_response import Ended, IntrospectionResponse, digest_of, read_max_age, unanswered
from authserver.resource.kept_answers import KeptAnswers
from tests.support.deployment import Deployment, deploy
from tests.support.endings import disable_client, lock_person
from tests.support.grants import make_code
from tests.support.relying_party import RelyingParty, register, register_bank


@dataclass
class Bank:
    """The bank's API asking the real server, and what it asked."""

    party: RelyingParty
    asked: list[str] = field(default_factory=list)
    recheck_fails: bool = False
    is_away: bool = False

    def ask(self, token: str) -> IntrospectionResponse:
        self.asked.append("one")
        if self.is_away:
            raise unanswered("no route")
        reply = self.party.introspect(token)
        return IntrospectionResponse(reply.json, read_max_age(reply.headers["Cache-Control"]), digest_of(reply.data))

    def find_ended(self, held: Mapping[bytes, bytes]) -> Ended:
        self.asked.append(f"together {len(held)}")
        if self.recheck_fails or self.is_away:
            raise unanswered("no route")
        words = (f"{encode(token_hash).decode()}.{encode(digest).decode()}" for token_hash, digest in held.items())
        reply = self.party.find_ended(token_hashes=" ".join(words))
        ended = frozenset(decode(name.encode()) for name in reply.json["ended"])
        return Ended(ended, read_max_age(reply.headers["Cache-Control"]))


@dataclass
class Story:
    """A deployment, the API's kit and an app with tokens of Alice."""

    deployment: Deployment
    bank: Bank
    app: RelyingParty
    answers: KeptAnswers

    def token(self) -> Mapping[str, str]:
        """Get tokens for a fresh grant."""
        return dict(self.app.redeem(make_code(self.deployment, self.app.client_id)).json)


@pytest.fixture
def story(sqlite_database: Database, sqlite_url: str) -> Story:
    """Answers are kept for two seconds, and rechecked together."""
    deployment = deploy(sqlite_database, sqlite_url, introspection_max_age=2)
    bank = Bank(register_bank(deployment))
    answers = KeptAnswers(bank, lambda: deployment.now, recheck=bank.find_ended)
    return Story(deployment, bank, register(deployment), answers)


@pytest.mark.parametrize("ending", ["token revoked", "grant revoked", "locked", "client disabled"])
@pytest.mark.spec("RFC7662-4-1", "RFC7662-4-3")
def test_a_token_that_ended_is_refused_within_two_seconds(story: Story, ending: str) -> None:
    tokens, other = story.token(), story.app.client_credentials(scope="accounts").json["access_token"]
    for _ in range(3):
        assert story.answers.find_claims(tokens["access_token"])["active"] is True
    story.answers.find_claims(other)
    assert story.bank.asked == ["one", "one"]
    endings: dict[str, Callable[[], object]] = {
        "token revoked": lambda: story.app.revoke(tokens["access_token"]),
        "grant revoked": lambda: story.app.revoke(tokens["refresh_token"]),
        "locked": lambda: lock_person(story.deployment),
        "client disabled": lambda: disable_client(story.deployment, story.app.client_id),
    }
    before = story.deployment.now
    endings[ending]()
    story.deployment.wait(before + 2 - story.deployment.now)
    with pytest.raises(InvalidToken):
        story.answers.find_claims(tokens["access_token"])
    if ending == "client disabled":
        with pytest.raises(InvalidToken):
            story.answers.find_claims(other)
    else:
        assert story.answers.find_claims(other)["active"] is True


@pytest.mark.spec("RFC7662-4-3")
def test_many_tokens_in_use_cost_one_question_in_two_seconds_until_they_expire(story: Story) -> None:
    tokens = [story.app.client_credentials(scope="accounts").json["access_token"] for _ in range(20)]
    for token in tokens:
        story.answers.find_claims(token)
    story.bank.asked.clear()
    for _ in range(5):
        story.deployment.wait(2)
        for token in tokens:
            assert story.answers.find_claims(token)["active"] is True
    assert story.bank.asked == ["together 20"] * 5
    story.deployment.wait(290)
    with pytest.raises(InvalidToken):
        story.answers.find_claims(tokens[0])


@pytest.mark.spec("RFC7662-4-3", "RFC7662-2.3-1")
def test_where_they_cannot_be_rechecked_each_is_asked_about_and_none_outlives_its_time(story: Story) -> None:
    tokens = story.token()
    story.answers.find_claims(tokens["access_token"])
    story.bank.recheck_fails = True
    story.app.revoke(tokens["access_token"])
    story.deployment.wait(2)
    with pytest.raises(InvalidToken):
        story.answers.find_claims(tokens["access_token"])
    assert story.bank.asked == ["one", "together 1", "one"]


def test_an_issuer_that_is_away_lets_nothing_pass_once_the_time_is_over(story: Story) -> None:
    tokens = story.token()
    story.answers.find_claims(tokens["access_token"])
    story.bank.is_away = True
    story.deployment.wait(1)
    assert story.answers.find_claims(tokens["access_token"])["active"] is True
    story.deployment.wait(1)
    with pytest.raises(TemporarilyUnavailable):
        story.answers.find_claims(tokens["access_token"])
