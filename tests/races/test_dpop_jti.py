"""One DPoP proof sent many times at once: it is good for one request."""

from functools import partial

import pytest

from tests.support.deployment import ISSUER, Deployment
from tests.support.grants import make_code
from tests.support.races import THREADS, at_once
from tests.support.relying_party import RelyingParty, Reply, register, register_bank

_ROUNDS = 5


def _client_credentials(app: RelyingParty, proof: str) -> Reply:
    return app.send("/token", {"grant_type": "client_credentials", **app.credentials()}, headers={"DPoP": proof})


@pytest.mark.spec("RFC9449-11.1-2", "RFC9449-4.3")
def test_exactly_one_token_request_is_good_with_it(either: Deployment) -> None:
    register_bank(either)
    app = register(either, "dpop-app", dpop_bound_access_tokens=True)
    for _ in range(_ROUNDS):
        proof = app.proof("POST", ISSUER + "/token")

        answers = at_once([partial(_client_credentials, app, proof)] * THREADS)

        assert sorted(answer.status_code for answer in answers) == [200] + [400] * (THREADS - 1)
        assert {answer.json["error"] for answer in answers if answer.status_code == 400} == {"invalid_dpop_proof"}


@pytest.mark.spec("RFC9449-7.1-1", "RFC9449-11.1-2")
def test_exactly_one_visit_to_userinfo_is_good_with_it(either: Deployment) -> None:
    register_bank(either)
    app = register(either, "dpop-app", dpop_bound_access_tokens=True)
    token = app.redeem(make_code(either, "dpop-app")).json["access_token"]
    for _ in range(_ROUNDS):
        sent = {"Authorization": f"DPoP {token}", "DPoP": app.proof("GET", ISSUER + "/userinfo", access_token=token)}

        answers = at_once([partial(app.send, "/userinfo", headers=sent)] * THREADS)

        assert sorted(answer.status_code for answer in answers) == [200] + [401] * (THREADS - 1)


@pytest.mark.spec("RFC7523-3-7", "RFC9449-11.1-2")
def test_a_whole_request_repeated_at_once_is_good_once(either: Deployment) -> None:
    register_bank(either)
    app = register(either, "dpop-app", dpop_bound_access_tokens=True)
    for _ in range(_ROUNDS):
        form = {"grant_type": "client_credentials", **app.credentials()}
        sent = {"DPoP": app.proof("POST", ISSUER + "/token")}

        answers = at_once([partial(app.send, "/token", form, headers=sent)] * THREADS)

        assert sorted(answer.status_code for answer in answers) == [200] + [401] * (THREADS - 1)
