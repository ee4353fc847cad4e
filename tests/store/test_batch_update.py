"""A sweep meets every row of a table once, whatever its window."""

import pytest
from sqlalchemy import bindparam, select, update

from authserver.db.batch_update import BatchUpdate
from authserver.db.engine import Database
from authserver.db.tables.accounts import invitations

_CLAIM = BatchUpdate(
    invitations,
    update(invitations)
    .where(invitations.c.account_id == bindparam("account"), invitations.c.claimed_at.is_(None))
    .values(claimed_at=bindparam("now")),
)


@pytest.mark.parametrize("window", [1, 2, 3, 5, 6, 7, 5000])
def test_each_row_that_is_chosen_is_updated_once_and_no_other(database: Database, window: int) -> None:
    with database.transaction() as connection:
        for number in range(6):
            connection.execute(
                invitations.insert(),
                {
                    "invitation_hash": bytes([number * 40]) * 32,
                    "account_id": "alice" if number % 2 else "bob",
                    "created_at": 0,
                    "expires_at": 1,
                    "claimed_at": None,
                },
            )

    assert _CLAIM.run(database, {"account": "alice", "now": 7}, window) == 3
    assert _CLAIM.run(database, {"account": "alice", "now": 8}, window) == 0
    with database.read() as connection:
        claimed = connection.execute(select(invitations.c.account_id).where(invitations.c.claimed_at == 7)).scalars()
        assert set(claimed) == {"alice"}
