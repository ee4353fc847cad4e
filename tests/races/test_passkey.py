from collections.abc import Callable

import pytest

from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.ceremonies import begin_assertion, finish_assertion
from authserver.accounts.factors.passkey.ceremony_token import CeremonyPurpose, CeremonyResponse
from authserver.accounts.store import people
from tests.support.authenticator import SoftwareKey
from tests.support.deployment import Deployment
from tests.support.passkeys import ceremonies_of, register
from tests.support.races import at_once

RUNS = 5


def _account_of_alice(deployment: Deployment) -> str:
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, "alice")
    assert account is not None
    return account.account_id


def _answers(deployment: Deployment, asked: CeremonyPurpose, key: SoftwareKey, count: int) -> list[CeremonyResponse]:
    """Return several signed answers, each of a ceremony of its own, that all show one count."""
    answers = []
    for _ in range(count):
        with deployment.database.transaction() as connection:
            begun = begin_assertion(connection, ceremonies_of(deployment), asked, deployment.now)
        answers.append(CeremonyResponse(begun.token, key.sign(begun.options)))
        key.count -= 1
    key.count += 1
    return answers


def _finishing(deployment: Deployment, asked: CeremonyPurpose, answer: CeremonyResponse) -> Callable[[], str]:
    def act() -> str:
        with deployment.database.transaction() as connection:
            return finish_assertion(connection, ceremonies_of(deployment), asked, answer, deployment.now).outcome

    return act


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22")
def test_of_signatures_under_one_count_exactly_one_is_accepted_and_the_passkey_is_closed_once(
    either: Deployment,
) -> None:
    account_id = _account_of_alice(either)
    asked = CeremonyPurpose("second_factor", "browser", account_id)
    for _ in range(RUNS):
        key = SoftwareKey(count=3)
        passkey = register(either, account_id, key)
        acts = [_finishing(either, asked, answer) for answer in _answers(either, asked, key, 4)]
        assert sorted(at_once(acts)) == ["accepted", "clone_suspected", "disabled", "disabled"]
        with either.database.read() as connection:
            found = passkeys.find_by_credential(connection, passkey.credential_id)
        assert found is not None
        assert found[0].disabled_at is not None
    assert either.event_names().count("passkey.clone_suspected") == RUNS


@pytest.mark.spec("WEBAUTHN-13.4.3")
def test_of_two_posts_of_one_answer_exactly_one_is_looked_at(either: Deployment) -> None:
    account_id = _account_of_alice(either)
    asked = CeremonyPurpose("second_factor", "browser", account_id)
    key = SoftwareKey(count=3)
    register(either, account_id, key)
    for _ in range(RUNS):
        [answer] = _answers(either, asked, key, 1)
        acts = [_finishing(either, asked, answer)] * 2
        assert sorted(at_once(acts)) == ["accepted", "stale_ceremony"]
    assert "passkey.clone_suspected" not in either.event_names()


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22")
def test_answers_of_one_genuine_key_that_overtake_each_other_never_close_it(either: Deployment) -> None:
    account_id = _account_of_alice(either)
    asked = CeremonyPurpose("second_factor", "browser", account_id)
    for _ in range(RUNS):
        key = SoftwareKey(count=3)
        passkey = register(either, account_id, key)
        answers = []
        for _ in range(4):
            answers += _answers(either, asked, key, 1)
        outcomes = at_once([_finishing(either, asked, answer) for answer in reversed(answers)])
        assert set(outcomes) <= {"accepted", "late"}
        assert "accepted" in outcomes
        with either.database.read() as connection:
            found = passkeys.find_by_credential(connection, passkey.credential_id)
        assert found is not None
        assert (found[0].sign_count, found[0].disabled_at) == (7, None)
    assert "passkey.clone_suspected" not in either.event_names()
