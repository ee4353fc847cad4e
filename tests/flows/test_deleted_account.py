"""A deleted account: nothing of the person is left but proofs of payments, and nothing that was issued is good."""

from itertools import count

import pytest
from sqlalchemy import BigInteger, Integer, LargeBinary, Table, func, insert, select

from authserver.accounts.store import people
from authserver.db.tables.schema import metadata
from authserver.operations.acts import DeleteAccount
from tests.support.deployment import Deployment
from tests.support.operating import operate
from tests.support.person import Person, code_of
from tests.support.relying_party import RelyingParty, register_bank

KEPT = {"approvals"}
WAITING = "logout_notices"  # the apps of a person are told of the end within hours, and the rows go with that
OF_A_PERSON = [table for table in metadata.sorted_tables if "account_id" in table.c]
_numbers = count(1)


def _account_id(deployment: Deployment, username: str) -> str:
    with deployment.database.read() as connection:
        account = people.find_by_username(connection, username)
    assert account is not None
    return account.account_id


def _delete(deployment: Deployment, account_id: str) -> int:
    return operate(deployment, DeleteAccount(account_id))


def _row(table: Table, account_id: str) -> dict[str, object]:
    """Return a row of any table that names the account, every other column filled with something new."""
    number = next(_numbers)
    row: dict[str, object] = {}
    for column in table.c:
        if isinstance(column.type, LargeBinary):
            row[column.name] = number.to_bytes(32, "big")
        elif isinstance(column.type, BigInteger | Integer):
            row[column.name] = number
        else:
            row[column.name] = f"value-{number}"
    return {**row, "account_id": account_id}


@pytest.mark.parametrize("table", OF_A_PERSON, ids=lambda table: table.name)
def test_no_table_keeps_a_row_of_a_deleted_person_but_that_of_proofs(deployment: Deployment, table: Table) -> None:
    gone, neighbour = _account_id(deployment, "alice"), "somebody else"
    with deployment.database.transaction() as connection:
        if table.name != "accounts" and len(list(table.primary_key)) == 1 and "account_id" not in table.primary_key:
            for account_id in (gone, neighbour):
                connection.execute(insert(table), _row(table, account_id))
    kept = _delete(deployment, gone)
    with deployment.database.read() as connection:
        left = {
            account_id: connection.execute(
                select(func.count()).select_from(table).where(table.c.account_id == account_id)
            ).scalar_one()
            for account_id in (gone, neighbour)
        }
    assert kept == (1 if table.name in KEPT else 0)
    assert left[gone] == (1 if table.name in {*KEPT, WAITING} else 0)
    assert left[neighbour] == (0 if table.name in {"accounts", "totp_credentials"} else 1)


@pytest.mark.spec("ASVS5-7.4.2", "ASVS5-10.4.9")
def test_what_was_issued_to_a_deleted_person_is_good_for_nothing(app: RelyingParty, alice: Person) -> None:
    bank = register_bank(app.deployment)
    tokens = app.redeem(code_of(alice.approve(app.authorization_url()))).json
    open_code = code_of(alice.approve(app.authorization_url()))
    assert bank.introspect(tokens["access_token"]).json["active"]
    gone = _account_id(app.deployment, "alice")

    _delete(app.deployment, gone)

    assert not bank.introspect(tokens["access_token"]).json["active"]
    assert app.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert app.redeem(open_code).json["error"] == "invalid_grant"
    assert alice.open("/account").request.path == "/login"
    app.deployment.add_person("alice", totp=True)
    assert _account_id(app.deployment, "alice") != gone
    newcomer = Person(app.deployment)
    assert newcomer.open(app.authorization_url()).request.path == "/login"
    code_of(newcomer.approve(app.authorization_url()))
    assert "/consent" in newcomer.pages
