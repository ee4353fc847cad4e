"""Of two operators who do the same at the same moment, each is told what came of it."""

import pytest

from authserver.keys import store
from authserver.operations.acts import RetireKey, RotateClientSecret
from authserver.operations.refusals import ChangedMeanwhile, KeyRetiredAlready, OperationRefused
from tests.support.deployment import Deployment
from tests.support.operating import operate
from tests.support.races import THREADS, at_once


def _try_to_retire(deployment: Deployment, kid: str) -> OperationRefused | None:
    try:
        operate(deployment, RetireKey(kid))
    except OperationRefused as refusal:
        return refusal
    return None


def test_a_key_is_retired_once_and_replaced_once(either: Deployment) -> None:
    with either.database.read() as connection:
        kid = next(key.kid for key in store.find_all(connection) if key.algorithm == "ES256")
    outcomes = at_once([lambda: _try_to_retire(either, kid)] * THREADS)
    refusals = [outcome for outcome in outcomes if outcome is not None]
    assert len(refusals) == THREADS - 1
    assert {type(refusal) for refusal in refusals} <= {KeyRetiredAlready, ChangedMeanwhile}
    with either.database.read() as connection:
        states = sorted(key.state for key in store.find_all(connection) if key.algorithm == "ES256")
    assert states == ["retired", "signing"]


def test_a_key_that_a_rotation_moves_on_is_not_called_retired(
    either: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = store.find_archived
    moved: list[bool] = []

    def find_and_move(connection: object) -> object:
        """Move every key on just after the act has looked at them, as a rotation on another node does."""
        if not moved:
            moved.append(True)
            for key in store.find_all(connection):  # type: ignore[arg-type]  # the act's own connection
                store.update_state(connection, key, "announced", either.now)  # type: ignore[arg-type]  # the same
        return find(connection)  # type: ignore[arg-type]  # the same

    with either.database.read() as connection:
        kid = store.find_all(connection)[0].kid
    monkeypatch.setattr(store, "find_archived", find_and_move)
    with pytest.raises(ChangedMeanwhile):
        operate(either, RetireKey(kid))


def test_of_many_rotations_of_a_secret_each_that_is_shown_was_good(either: Deployment) -> None:
    either.add_client(
        client_id="shop",
        profile="oidc",
        redirect_uris=["https://shop.example/back"],
        scope="openid",
        grant_types=["authorization_code"],
        token_endpoint_auth_method="client_secret_basic",
    )

    def rotate() -> str | None:
        try:
            return operate(either, RotateClientSecret("shop")).client_secret
        except ChangedMeanwhile:
            return None

    shown = [secret for secret in at_once([rotate] * THREADS) if secret is not None]
    assert len(set(shown)) == len(shown) >= 1
