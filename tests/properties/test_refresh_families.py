"""Refresh families: an honest client is never logged out by its network, and an old token always ends the grant.

First the rule on generation numbers alone, then the same over HTTP on a whole deployment.
"""

from dataclasses import dataclass, field
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from authserver.issuance.refresh_token import Rotation, decide_rotation
from tests.support.deployment import Deployment
from tests.support.grants import make_refresh_token
from tests.support.hypothesis_profiles import budget
from tests.support.relying_party import RelyingParty, Reply, register, register_bank

pytestmark = pytest.mark.spec("RFC9700-4.14.2", "FAPI2-SP-FINAL-5.3.2.1-9", "RFC6749-10.4-2", "ASVS5-10.4.5")


@given(st.integers(0, 2**31), st.integers(0, 2**31), st.sampled_from(["confirm", "strict", "never"]))
def test_the_rule_knows_four_cases_and_no_other(presented: int, current: int, policy: str) -> None:
    rotation = decide_rotation(presented, current, policy)
    assert (rotation is Rotation.ADVANCE) == (presented == current and policy != "never")
    assert (rotation is Rotation.KEEP) == (presented == current and policy == "never")
    assert (rotation is Rotation.REPEAT) == (presented == current - 1 and policy != "strict")
    assert (rotation is Rotation.REUSE) == (
        presented not in {current, current - 1} or (presented < current and policy == "strict")
    )


@dataclass
class PureFamily:
    """A grant's line of refresh tokens by generation numbers alone."""

    policy: str = "confirm"
    current: int = 0
    ended: bool = False

    def use(self, generation: int) -> int | None:
        """Present the token of a generation and return the generation of the one sent back; None for a refusal."""
        if self.ended:
            return None
        rotation = decide_rotation(generation, self.current, self.policy)
        if rotation is Rotation.REUSE:
            self.ended = True
            return None
        self.current += rotation is Rotation.ADVANCE
        return self.current


# What may happen to a refresh of the newest token that the client holds: how often it arrives at the server, and
# whether any of the answers reaches the client. What arrives, arrives before the client goes on.
networks = st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=40)


@given(networks)
def test_lost_answers_retries_and_parallel_uses_never_log_an_honest_client_out(network: list[tuple[int, bool]]) -> None:
    family, held = PureFamily(), 0
    for arrivals, is_answered in network:
        answers = {family.use(held) for _ in range(arrivals)}
        assert len(answers) == 1, "parallel uses of one token forked the line"
        (answer,) = answers
        assert answer == held + 1
        held = answer if is_answered else held


@given(networks, st.integers(2, 20), st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=5))
def test_a_token_two_generations_old_ends_the_grant_whoever_uses_it(
    network: list[tuple[int, bool]], age: int, afterwards: list[tuple[int, bool]]
) -> None:
    family = PureFamily()
    for arrivals, _ in network:
        for _ in range(arrivals):
            family.use(family.current)
    old = family.current - age
    if old < 0:
        return
    assert family.use(old) is None
    for generation, _ in afterwards:
        assert family.use(family.current - generation + 1) is None


@dataclass
class Line:
    """What the deployment is expected to answer: every token ever issued in order, and whether the grant has ended."""

    tokens: list[str]
    access_tokens: list[str] = field(default_factory=list)
    ended: bool = False

    @property
    def current(self) -> int:
        """Return the newest generation."""
        return len(self.tokens) - 1


class RefreshFamily(RuleBasedStateMachine):
    """An honest client on a bad network and a thief who holds its keys and some of its tokens, over HTTP."""

    deployment: ClassVar[Deployment]
    app: ClassVar[RelyingParty]

    @initialize()
    def begin(self) -> None:
        """The client holds a first token; the thief has nothing yet."""
        self.line = Line([make_refresh_token(self.deployment, "app")])
        self.held = 0
        self.stolen: list[int] = []
        self.thief_acted = False

    @rule(is_answered=st.booleans(), arrivals=st.integers(1, 3))
    def client_refreshes(self, is_answered: bool, arrivals: int) -> None:  # noqa: FBT001 - drawn
        """The client uses its newest token; the request may arrive several times, the answer may be lost."""
        presented = self.held
        for _ in range(arrivals):
            answer = self._use(presented)
            if not self.thief_acted:
                assert answer is not None, "an honest client was logged out"
        if is_answered and answer is not None:
            self.held = answer

    @rule(data=st.data())
    def thief_copies_a_token(self, data: st.DataObject) -> None:
        """The thief gets hold of any token there ever was."""
        self.stolen.append(data.draw(st.integers(0, self.line.current)))

    @precondition(lambda self: self.stolen)
    @rule(data=st.data())
    def thief_refreshes(self, data: st.DataObject) -> None:
        """The thief uses a stolen token, with all else that the client has."""
        generation = data.draw(st.sampled_from(self.stolen))
        self.thief_acted = True
        was_old = generation < self.line.current - 1
        answer = self._use(generation)
        assert not (was_old and answer is not None), "a token older than the immediate predecessor was accepted"
        if answer is not None:
            self.stolen.append(answer)

    @rule(seconds=st.sampled_from([1, 30, 3600]))
    def time_passes(self, seconds: int) -> None:
        """No window of time decides anything, short of the grant's end, which is a month away."""
        self.deployment.wait(seconds)

    @invariant()
    def a_grant_that_ended_leaves_nothing_alive(self) -> None:
        """Once the grant has ended, its newest token and its latest access token are refused."""
        if not self.line.ended:
            return
        assert self._send(self.line.current).status_code == 400
        if self.line.access_tokens:
            assert self.app.userinfo(self.line.access_tokens[-1]).status_code == 401

    def _send(self, generation: int) -> Reply:
        return self.app.refresh(self.line.tokens[generation])

    def _use(self, generation: int) -> int | None:
        """Refresh, check the answer against the line, and return the generation of the token sent back."""
        current, seen = self.line.current, len(self.deployment.events)
        response = self._send(generation)
        if self.line.ended or generation < current - 1:
            assert (response.status_code, response.json["error"]) == (400, "invalid_grant"), response.text
            names = [event.name for event in self.deployment.events[seen:]]
            assert ("refresh.reuse_detected" in names) == (not self.line.ended)
            self.line.ended = True
            return None
        assert response.status_code == 200, response.text
        self.line.access_tokens.append(response.json["access_token"])
        if generation == current:
            assert response.json["refresh_token"] not in self.line.tokens
            self.line.tokens.append(response.json["refresh_token"])
        assert response.json["refresh_token"] == self.line.tokens[-1], "the line was forked"
        return self.line.current


def test_over_http_the_same_holds_for_client_and_thief(shared: Deployment) -> None:
    register_bank(shared)
    RefreshFamily.deployment, RefreshFamily.app = shared, register(shared)
    machine = RefreshFamily.TestCase
    machine.settings = settings(budget(25), stateful_step_count=25)
    machine().runTest()
