"""A key that is published no more still tells who signed: hints are believed, and old answers can be checked."""

import json

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet
from joserfc.jws import extract_compact

from authserver.keys.rotation import RotationPolicy
from authserver.keys.store import delete_key, find_all, find_archived, rotate_keys
from authserver.sealing.master_key import MasterKeyEnvelope
from tests.support.deployment import Deployment
from tests.support.key_pool import MASTER_KEY
from tests.support.login_app import log_in, plain_url, register_login_app
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, answer_of, claims_of, register

DAY = 86_400
SIGNED = "application/token-introspection+jwt"


def rotate_away(deployment: Deployment) -> None:
    """Let the keys of now run their course: announce, sign, retire, remove, each on its day."""
    for days in (90, 1, 1):
        deployment.wait(days * DAY)
        with deployment.database.transaction() as connection:
            assert rotate_keys(connection, MasterKeyEnvelope(MASTER_KEY), RotationPolicy(), deployment.now)


def kid_of(token: str) -> str:
    return str(extract_compact(token.encode()).protected["kid"])


def kids(app: RelyingParty, path: str) -> set[str]:
    response = app.send(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    return {key["kid"] for key in response.json["keys"]}


@pytest.mark.spec("OIDCC-3.1.2.1", "OIDCC-10.1.1")
def test_a_hint_is_good_after_its_key_has_gone_from_what_is_published(either: Deployment) -> None:
    app, alice = register_login_app(either, id_token_signed_response_alg="ES256"), Person(either)
    hint = app.redeem(code_of(alice.approve(plain_url(app)))).json["id_token"]
    rotate_away(either)
    assert kid_of(hint) not in kids(app, "/jwks")

    assert log_in(app, alice, id_token_hint=hint)["sub"] == claims_of(hint)["sub"]


@pytest.mark.spec("RFC9701-5", "RFC7517-5")
def test_a_signed_answer_can_be_checked_when_its_key_is_published_no_more(app: RelyingParty, alice: Person) -> None:
    deployment = app.deployment
    bank = register(deployment, "reader", resource=["https://reader.example/"], resource_scopes="accounts", scope="")
    tokens = app.redeem(code_of(alice.approve(app.authorization_url()))).json
    answer = bank.introspect(tokens["access_token"], accept=SIGNED).text
    assert kids(app, "/jwks/archive") == set()
    rotate_away(deployment)

    archive = app.send("/jwks/archive")
    assert not {"d", "p", "q"} & {name for key in archive.json["keys"] for name in key}
    decoded = jwt.decode(answer, KeySet.import_key_set(json.loads(archive.data)), algorithms=["ES256"])
    assert decoded.claims["token_introspection"]["active"] is True
    assert kids(app, "/jwks").isdisjoint(kids(app, "/jwks/archive"))


@pytest.mark.spec("OIDCC-10.1.1")
def test_an_archived_key_has_no_private_half(either: Deployment) -> None:
    with either.database.read() as connection:
        before = {key.kid for key in find_all(connection)}
    rotate_away(either)

    with either.database.read() as connection:
        archived, kept = find_archived(connection), find_all(connection)
    assert {key.kid for key in archived} == before
    assert not before & {key.kid for key in kept}
    assert all(key.sealed_private_jwk == b"" for key in archived)


@pytest.mark.spec("OIDCC-3.1.2.1")
def test_nothing_is_believed_of_a_compromised_key_that_was_archived(deployment: Deployment, alice: Person) -> None:
    app = register_login_app(deployment, id_token_signed_response_alg="ES256")
    hint = app.redeem(code_of(alice.approve(plain_url(app)))).json["id_token"]
    rotate_away(deployment)
    with deployment.database.transaction() as connection:
        delete_key(connection, kid_of(hint))
    deployment.wait(3)

    assert kid_of(hint) not in kids(app, "/jwks/archive")
    refused = answer_of(alice.open(plain_url(app, id_token_hint=hint)).headers["Location"])
    assert refused["error"] == "invalid_request"
