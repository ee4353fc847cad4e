import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.accounts.factors.table import METHODS
from authserver.protocol.assurance import satisfies
from authserver.protocol.names import ACR_LADDER, ACR_ONE_FACTOR, ACR_TWO_FACTORS
from authserver.sessions.acr import acr_for, amr_for
from authserver.sessions.model import ProvedFactor

factors = st.lists(st.builds(ProvedFactor, st.sampled_from([*METHODS, "unknown"]), st.integers(0, 2**40)), max_size=6)
known_factor = st.builds(ProvedFactor, st.sampled_from(list(METHODS)), st.integers(0, 2**40))


def _height(acr: str | None) -> int:
    return -1 if acr is None else ACR_LADDER.index(acr)


@given(factors, known_factor)
def test_another_factor_never_lowers_the_assurance(held: list[ProvedFactor], added: ProvedFactor) -> None:
    assert _height(acr_for([*held, added])) >= _height(acr_for(held))
    assert acr_for([*held, added]) is not None


@given(factors, st.randoms(use_true_random=False))
def test_the_order_of_factors_changes_neither_assurance_nor_references(
    held: list[ProvedFactor], random: object
) -> None:
    shuffled = sorted(held, key=lambda _: random.random())  # type: ignore[attr-defined]  # Hypothesis types it as object
    assert acr_for(shuffled) == acr_for(held)
    assert set(amr_for(shuffled)) == set(amr_for(held))


@pytest.mark.spec("RTS-SCA-9.1")
@given(factors)
def test_a_factor_repeated_is_worth_no_more_than_once(held: list[ProvedFactor]) -> None:
    assert acr_for([*held, *held]) == acr_for(held)
    assert amr_for([*held, *held]) == amr_for(held)


@pytest.mark.spec("RTS-SCA-4.1")
@given(factors)
def test_two_factors_are_stated_only_for_two_categories(held: list[ProvedFactor]) -> None:
    categories = {
        category for factor in held if factor.method in METHODS for category in METHODS[factor.method].categories
    }
    is_strong = satisfies(acr_for(held), ACR_TWO_FACTORS)
    assert is_strong == (len(categories) >= 2)
    assert ("mfa" in amr_for(held)) == is_strong
    assert satisfies(acr_for(held), ACR_ONE_FACTOR) == bool(categories)


@given(st.sampled_from(ACR_LADDER), st.sampled_from(ACR_LADDER), st.sampled_from(ACR_LADDER))
def test_meeting_an_assurance_is_an_order(low: str, middle: str, high: str) -> None:
    assert satisfies(low, low)
    if satisfies(high, middle) and satisfies(middle, low):
        assert satisfies(high, low)
    assert satisfies(high, low) or satisfies(low, high)


@given(st.text(), st.one_of(st.none(), st.text(), st.sampled_from(ACR_LADDER)))
def test_an_assurance_nobody_defined_is_never_met(wanted: str, acr: str | None) -> None:
    if wanted not in ACR_LADDER:
        assert not satisfies(acr, wanted)
