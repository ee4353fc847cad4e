"""Many payments under one limit at the same moment: together they never go beyond it, on either database."""

import secrets
from datetime import date
from functools import partial

from authserver.db.engine import Database
from authserver.sandbox.bank.store import MandateTotals
from tests.support.races import THREADS, at_once

_ROUNDS = 4
_DAY = date(2030, 1, 1)


def test_together_they_never_go_beyond_the_limit_and_nothing_that_fits_is_lost(database: Database) -> None:
    totals = MandateTotals(database)
    for _ in range(_ROUNDS):
        mandate_id = secrets.token_bytes(32)
        made = at_once([partial(totals.add, mandate_id, _DAY, 30, 100)] * THREADS)
        assert made.count(True) == 3
        assert totals.find(mandate_id, _DAY) == 90
        assert totals.add(mandate_id, _DAY, 10, 100)
        assert not totals.add(mandate_id, _DAY, 1, 100)


def test_the_first_payment_of_a_period_is_held_to_the_limit_too(database: Database) -> None:
    totals, mandate_id = MandateTotals(database), secrets.token_bytes(32)
    assert not totals.add(mandate_id, _DAY, 101, 100)
    assert totals.find(mandate_id, _DAY) == 0
    made = at_once([partial(totals.add, mandate_id, _DAY, 100, 100)] * THREADS)
    assert made.count(True) == 1
