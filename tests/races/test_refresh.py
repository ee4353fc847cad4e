"""One refresh token, many refreshes at once: one successor, told to each of them, and one step of the generation."""

from functools import partial

import pytest
from sqlalchemy import func, select

from authserver.db.tables.grants import grants, issued_tokens
from tests.support.deployment import Deployment
from tests.support.grants import make_refresh_token
from tests.support.races import THREADS, at_once
from tests.support.relying_party import register, register_bank

_ROUNDS = 4


def _generation(deployment: Deployment) -> tuple[int, int]:
    """Return the generation of the only grant, and how many refresh tokens it has."""
    with deployment.database.read() as connection:
        generation = connection.execute(select(grants.c.refresh_generation)).scalar_one()
        of_refresh = select(func.count()).where(issued_tokens.c.kind == "refresh")
        return generation, connection.execute(of_refresh).scalar_one()


@pytest.mark.spec("RFC9700-4.14.2", "FAPI2-SP-FINAL-5.3.2.1-9")
def test_every_refresh_gets_the_same_successor_and_the_line_moves_one_step(either: Deployment) -> None:
    register_bank(either)
    app = register(either)
    token = make_refresh_token(either, "app")
    for step in range(1, _ROUNDS + 1):
        answers = at_once([partial(app.refresh, token)] * THREADS)

        assert [answer.status_code for answer in answers] == [200] * THREADS, [answer.text for answer in answers]
        successors = {answer.json["refresh_token"] for answer in answers}
        assert len(successors) == 1
        assert len({answer.json["access_token"] for answer in answers}) == THREADS
        assert _generation(either) == (step, step + 1)
        (token,) = successors
    assert "refresh.reuse_detected" not in either.event_names()


@pytest.mark.spec("RFC9700-4.14.2", "ASVS5-10.4.5")
def test_an_old_token_among_many_good_ones_ends_the_grant(either: Deployment) -> None:
    register_bank(either)
    app = register(either)
    old = make_refresh_token(either, "app")
    newest = app.refresh(app.refresh(old).json["refresh_token"]).json["refresh_token"]
    tokens = [old, *[newest] * (THREADS - 1)]

    thief, *honest = at_once([partial(app.refresh, token) for token in tokens])

    assert thief.json["error"] == "invalid_grant"
    assert {answer.status_code for answer in honest} <= {200, 400}
    assert app.refresh(newest).json["error"] == "invalid_grant"
    assert all(
        app.userinfo(answer.json["access_token"]).status_code == 401 for answer in honest if answer.status_code == 200
    )
