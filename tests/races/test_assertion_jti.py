"""One client assertion sent many times at once: it authenticates one request."""

from functools import partial

import pytest

from tests.support.deployment import Deployment
from tests.support.races import THREADS, at_once
from tests.support.relying_party import register, register_bank

_ROUNDS = 5


@pytest.mark.spec("RFC7523-3-7", "OIDCC-9")
def test_exactly_one_request_is_authenticated_by_it(either: Deployment) -> None:
    register_bank(either)
    app = register(either)
    for _ in range(_ROUNDS):
        assertion = app.assertion()

        answers = at_once([partial(app.client_credentials, client_assertion=assertion)] * THREADS)

        assert sorted(answer.status_code for answer in answers) == [200] + [401] * (THREADS - 1)
        assert {answer.json["error"] for answer in answers if answer.status_code == 401} == {"invalid_client"}


@pytest.mark.spec("RFC7523-3-7")
def test_one_for_many_endpoints_is_good_at_one(either: Deployment) -> None:
    register_bank(either)
    app = register(either)
    for _ in range(_ROUNDS):
        it = app.assertion()
        answers = at_once(
            [
                partial(app.push, client_assertion=it),
                partial(app.client_credentials, client_assertion=it),
                partial(app.introspect, "a-token", client_assertion=it),
                partial(app.revoke, "a-token", client_assertion=it),
            ]
        )
        assert sorted(answer.status_code == 401 for answer in answers) == [False, True, True, True]
