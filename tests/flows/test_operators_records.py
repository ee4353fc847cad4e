"""What an operator does is recorded with who did it and why; a refused act leaves no record."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from authserver.accounts.store import people
from authserver.db.tables.events import events
from authserver.operations.acts import Act, DeleteAccount, DisableClient, LockAccount, RetireKey, UnlockAccount
from authserver.operations.refusals import OperationRefused
from tests.support.deployment import Deployment
from tests.support.operating import OPERATOR, operate
from tests.support.person import Person
from tests.support.relying_party import register

WHY = "case 4711: the phone was stolen"


def alices_id(deployment: Deployment) -> str:
    """Return the id of Alice's account."""
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, "alice")
    assert account is not None
    return account.account_id


def records(deployment: Deployment) -> list[Any]:
    """Return what is recorded."""
    with deployment.database.read() as connection:
        return list(connection.execute(select(events)))


@pytest.mark.spec("ASVS5-16.2.1")
def test_an_act_is_recorded_with_who_did_it_and_why(deployment: Deployment) -> None:
    register(deployment)
    operate(deployment, LockAccount(alices_id(deployment), reason=WHY))
    operate(deployment, DisableClient("app", reason=WHY))
    found = {row.kind: row for row in records(deployment)}
    assert {(row.actor_role, row.actor, row.reason) for row in found.values()} == {("operator", OPERATOR.name, WHY)}
    assert found["account.locked"].account_id == alices_id(deployment)
    assert found["client.disabled"].client_id == "app"


def test_a_person_reads_what_an_operator_did_to_their_account(deployment: Deployment) -> None:
    operate(deployment, LockAccount(alices_id(deployment), reason=WHY))
    operate(deployment, UnlockAccount(alices_id(deployment)))
    alice = Person(deployment)
    alice.enter_code(alice.sign_in(alice.open("/account/activity")))
    page = alice.open("/account/activity").text
    assert "Your account was locked" in page
    assert "Your account was unlocked" in page
    assert WHY not in page
    assert OPERATOR.name not in page


@pytest.mark.parametrize("act", [RetireKey("no-such-key"), DisableClient("no-such-client"), LockAccount("nobody")])
def test_a_refused_act_leaves_no_record(deployment: Deployment, act: Act[Any]) -> None:
    with pytest.raises(OperationRefused):
        operate(deployment, act)
    assert records(deployment) == []


def test_of_a_deleted_account_stays_that_it_was_deleted_and_no_name(deployment: Deployment) -> None:
    gone = alices_id(deployment)
    operate(deployment, LockAccount(gone))
    operate(deployment, DeleteAccount(gone, reason="asked for by its person"))
    (left,) = records(deployment)
    assert (left.kind, left.account_id, left.reason) == ("account.deleted", "", "asked for by its person")
    assert gone not in str(left)
    assert len(json.loads(left.detail)["account"]) == 16
