"""Many payments under one limit at the same moment: together they never go beyond it, on either database."""

import secrets
from collections.abc import Iterator
from datetime import date
from functools import partial

import pytest

from authserver.db.engine import Database
from authserver.sandbox.bank.store import MandateTotals
from tests.support.races import THREADS, at_once

_ROUNDS = 4
_DAY = date(2030, 1, 1)


@pytest.fixture
def totals(database: Database) -> Iterator[MandateTotals]:
    """The totals, whose table is the bank's and leaves our schema with the test."""
    yield MandateTotals(database)
    with database.transaction() as connection:
        connection.exec_driver_sql("DROP TABLE mandate_totals")


def test_together_they_never_go_beyond_the_limit_and_nothing_that_fits_is_lost(totals: MandateTotals) -> None:
    for _ in range(_ROUNDS):
        mandate_id = secrets.token_bytes(32)
        made = at_once([partial(totals.add, mandate_id, _DAY, 30, 100)] * THREADS)
        assert made.count(True) == 3
        assert totals.find(mandate_id, _DAY) == 90
        assert totals.add(mandate_id, _DAY, 10, 100)
        assert not totals.add(mandate_id, _DAY, 1, 100)


def test_the_first_payment_of_a_period_is_held_to_the_limit_too(totals: MandateTotals) -> None:
    mandate_id = secrets.token_bytes(32)
    assert not totals.add(mandate_id, _DAY, 101, 100)
    assert totals.find(mandate_id, _DAY) == 0
    made = at_once([partial(totals.add, mandate_id, _DAY, 100, 100)] * THREADS)
    assert made.count(True) == 1
