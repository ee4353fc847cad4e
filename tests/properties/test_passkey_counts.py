"""However the answers of one genuine key arrive, it stays open; a copy is found by its next answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.accounts.factors.passkey.model import Passkey
from authserver.accounts.factors.passkey.sign_count import CeremonyStart, may_be_late
from tests.support.hypothesis_profiles import budget


def key(sign_count: int, last_used_at: int | None) -> Passkey:
    """Return a passkey with this count."""
    return Passkey("id", "alice", b"c", b"k", sign_count, False, False, "", (), "Key", 0, last_used_at)


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22")
@budget(300)
@given(data=st.data(), known=st.booleans(), first=st.integers(0, 1000))
def test_no_order_of_arrival_makes_a_copy_of_a_genuine_key(data: st.DataObject, *, known: bool, first: int) -> None:
    """The key signs each ceremony two seconds after it began or later; nodes' clocks are up to a second apart."""
    waits = st.tuples(st.integers(0, 60), st.integers(2, 30), st.integers(0, 30))
    drawn = data.draw(st.lists(waits, min_size=1, max_size=6))
    raw = [(began, began + touch, began + touch + way) for began, touch, way in drawn]
    skew = st.integers(0, 1)
    counts = {place: first + 1 + rank for rank, place in enumerate(sorted(range(len(raw)), key=lambda i: raw[i][1]))}
    stored, used_at, history = first, None, [(-1, first)]
    for place in sorted(range(len(raw)), key=lambda i: raw[i][2]):
        began, _, arrived = raw[place]
        seen = [count for at, count in history if at < began][-1]
        begun = CeremonyStart(began + data.draw(skew), {"id": seen} if known else {})
        if counts[place] > stored:
            stored, used_at = counts[place], arrived
            history.append((arrived, stored))
        else:
            assert may_be_late(key(stored, used_at), counts[place], begun)


@pytest.mark.spec("WEBAUTHN-6.1.1", "WEBAUTHN-7.2-22")
@budget(200)
@given(st.integers(1, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_count_that_has_not_grown_since_the_ceremony_began_is_a_copy(
    stored: int, shown: int, used_at: int, later: int
) -> None:
    shown = min(shown, stored)
    assert not may_be_late(key(stored, used_at), shown, CeremonyStart(used_at, {"id": stored}))
    assert not may_be_late(key(stored, used_at), shown, CeremonyStart(used_at + later))
    assert not may_be_late(key(stored, None), shown, CeremonyStart(0)), "made with this count, and never used"
    assert not may_be_late(key(stored, used_at), stored, CeremonyStart(0, {"id": 0})), "one count, two signatures"
