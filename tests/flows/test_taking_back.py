"""What a person allowed is taken back, for one app or for all, and stays taken back."""

import pytest

from authserver.accounts.store import people as accounts
from authserver.grants.revoke import end_sharing
from tests.support.deployment import Deployment
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, answer_of, register, register_bank


def _end(deployment: Deployment, client_id: str | None) -> int:
    with deployment.database.transaction() as connection:
        account = accounts.find_by_username(connection, "alice")
        assert account is not None
        return end_sharing(connection, account.account_id, client_id, "test", deployment.now)


@pytest.mark.spec("ASVS5-10.4.9", "ASVS5-10.7.3", "RFC7009-2.1")
def test_what_one_app_was_allowed_ends_and_the_others_keep_theirs(either: Deployment) -> None:
    register_bank(either)
    alice, one, other = Person(either), register(either, "one"), register(either, "other")
    tokens = {app.client_id: app.redeem(code_of(alice.approve(app.authorization_url()))).json for app in (one, other)}

    assert _end(either, "one") == 1

    assert one.userinfo(tokens["one"]["access_token"]).status_code == 401
    assert one.refresh(tokens["one"]["refresh_token"]).json["error"] == "invalid_grant"
    assert other.userinfo(tokens["other"]["access_token"]).status_code == 200
    silent = answer_of(alice.open(one.authorization_url(prompt="none")).headers["Location"])
    assert silent["error"] == "consent_required"


@pytest.mark.spec("ASVS5-10.4.9")
def test_what_every_app_was_allowed_ends_once(app: RelyingParty, alice: Person) -> None:
    tokens = app.redeem(code_of(alice.approve(app.authorization_url()))).json

    assert (_end(app.deployment, None), _end(app.deployment, None)) == (1, 0)

    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
