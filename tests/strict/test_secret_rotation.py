"""A secret that is changed: the one before it stays good for a while, and no longer."""

import pytest

from authserver.clients.shared_secrets import SECRET_OVERLAP_SECONDS, hash_secret
from authserver.clients.store import find_client, rotate_secret
from tests.support.deployment import Deployment
from tests.support.login_app import register_login_app
from tests.support.relying_party import RelyingParty

NEW = "a-new-secret-of-many-letters-and-no-sense"
FRESH_SECONDS = 2


@pytest.fixture(params=["client_secret_basic", "client_secret_post"])
def app(deployment: Deployment, request: pytest.FixtureRequest) -> RelyingParty:
    """An app with a secret, in either place where it may be sent."""
    return register_login_app(deployment, token_endpoint_auth_method=request.param)


def _rotate(app: RelyingParty, secret: str, overlap: int | None) -> bool:
    deployment = app.deployment
    with deployment.database.transaction() as connection:
        record = find_client(connection, app.client_id)
        assert record is not None
        until = None if overlap is None else deployment.now + overlap
        rotated = rotate_secret(connection, record, hash_secret(secret), until)
    deployment.wait(FRESH_SECONDS)
    return rotated


def _is_known(app: RelyingParty, secret: str) -> bool:
    app.secret = secret
    status = app.introspect("x").status_code
    assert status in {200, 401}
    return status == 200


def test_both_secrets_are_good_while_they_overlap(app: RelyingParty) -> None:
    old = app.secret or ""
    assert _rotate(app, NEW, SECRET_OVERLAP_SECONDS)
    assert _is_known(app, NEW)
    assert _is_known(app, old)
    assert not _is_known(app, old + "x")
    app.deployment.wait(SECRET_OVERLAP_SECONDS - FRESH_SECONDS)
    assert not _is_known(app, old)
    assert _is_known(app, NEW)


def test_a_secret_that_leaked_ends_at_once(app: RelyingParty) -> None:
    old = app.secret or ""
    assert _rotate(app, NEW, None)
    assert not _is_known(app, old)
    assert _is_known(app, NEW)


def test_only_one_secret_before_the_present_one_is_good(app: RelyingParty) -> None:
    old = app.secret or ""
    _rotate(app, NEW, SECRET_OVERLAP_SECONDS)
    _rotate(app, NEW + "er", SECRET_OVERLAP_SECONDS)
    assert not _is_known(app, old)
    assert _is_known(app, NEW)
    assert _is_known(app, NEW + "er")


def test_of_two_rotations_that_saw_the_same_secret_one_is_told_that_it_lost(app: RelyingParty) -> None:
    deployment = app.deployment
    with deployment.database.transaction() as connection:
        record = find_client(connection, app.client_id)
        assert record is not None
        assert rotate_secret(connection, record, hash_secret(NEW), None)
        assert not rotate_secret(connection, record, hash_secret("another"), None)
    deployment.wait(FRESH_SECONDS)
    assert _is_known(app, NEW)
