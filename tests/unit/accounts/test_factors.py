"""The table of factors: what one has, all of them have."""

from authserver.accounts.factors.model import Factor
from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.store import NAMES
from authserver.accounts.factors.table import FACTORS, METHODS


def test_each_factor_has_a_table_and_each_table_a_factor() -> None:
    assert len(set(NAMES)) == len(NAMES)
    assert set(NAMES) == {factor.name for factor in (PASSWORD, *FACTORS)}


def test_no_two_factors_share_a_page_or_a_method() -> None:
    factors: tuple[Factor, ...] = (PASSWORD, *FACTORS)
    assert len({factor.path for factor in factors}) == len(factors)
    assert sum(len(factor.methods) for factor in factors) == len(METHODS)
