"""A person whose account is locked gets nothing more from what was granted before, and all of it once it is open."""

import pytest

from authserver.accounts.store import people as accounts
from tests.support.deployment import Deployment
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty


def _lock(deployment: Deployment, username: str) -> None:
    with deployment.database.transaction() as connection:
        account = accounts.find_by_username(connection, username)
        assert account is not None
        assert accounts.lock(connection, account.account_id, deployment.now)


def _unlock(deployment: Deployment, username: str) -> None:
    with deployment.database.transaction() as connection:
        account = accounts.find_by_username(connection, username)
        assert account is not None
        assert accounts.unlock(connection, account.account_id)


@pytest.mark.spec("RFC6749-6", "ASVS5-7.4.2")
@pytest.mark.parametrize("scope", ["openid accounts", "accounts"])
def test_a_refresh_token_of_a_locked_account_rests_until_it_is_open_again(
    app: RelyingParty, alice: Person, scope: str
) -> None:
    tokens = app.redeem(code_of(alice.approve(app.authorization_url(scope=scope)))).json
    _lock(app.deployment, "alice")

    refused = app.refresh(tokens["refresh_token"])

    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")
    _unlock(app.deployment, "alice")
    assert app.refresh(tokens["refresh_token"]).status_code == 200


@pytest.mark.spec("RFC6749-4.1.3", "ASVS5-7.4.2")
def test_a_code_of_a_locked_account_is_refused_and_not_spent(app: RelyingParty, alice: Person) -> None:
    code = code_of(alice.approve(app.authorization_url()))
    _lock(app.deployment, "alice")

    refused = app.redeem(code)

    assert (refused.status_code, refused.json["error"]) == (400, "invalid_grant")
    _unlock(app.deployment, "alice")
    assert app.redeem(code).status_code == 200
