"""One code, many redemptions at once: one has tokens, and since there were others, they are worth nothing."""

from functools import partial

import pytest

from tests.support.deployment import Deployment
from tests.support.grants import make_code
from tests.support.races import THREADS, at_once
from tests.support.relying_party import register, register_bank

_ROUNDS = 4


@pytest.mark.spec("FAPI2-SP-FINAL-5.3.2.2-9", "RFC6749-4.1.2-1", "RFC6749-4.1.2-2", "RFC6749-10.5-1")
def test_exactly_one_redemption_has_tokens_and_the_others_end_the_grant(either: Deployment) -> None:
    register_bank(either)
    app = register(either)
    for _ in range(_ROUNDS):
        code, seen = make_code(either, "app"), len(either.events)

        answers = at_once([partial(app.redeem, code)] * THREADS)

        assert sorted(answer.status_code for answer in answers) == [200] + [400] * (THREADS - 1)
        assert {answer.json["error"] for answer in answers if answer.status_code == 400} == {"invalid_grant"}
        assert "code.replayed" in [event.name for event in either.events[seen:]]
        tokens = next(answer.json for answer in answers if answer.status_code == 200)
        assert app.userinfo(tokens["access_token"]).status_code == 401
        assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"


@pytest.mark.spec("RFC6749-4.1.2-3")
def test_a_code_raced_for_by_another_client_stays_its_own_clients(either: Deployment) -> None:
    register_bank(either)
    app, other = register(either), register(either, "other")
    for _ in range(_ROUNDS):
        code = make_code(either, "app")
        acts = [partial(app.redeem, code), *[partial(other.redeem, code)] * (THREADS - 1)]

        own, *foreign = at_once(acts)

        assert own.status_code == 200
        assert {answer.status_code for answer in foreign} == {400}
        assert app.userinfo(own.json["access_token"]).status_code == 200
