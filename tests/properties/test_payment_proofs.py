"""Whatever is changed in a payment or its text, no proof of the other holds."""

import copy
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from authserver.banking.challenge import payment_challenge
from authserver.banking.text import payment_text
from authserver.banking.verify import verify_proof
from authserver.protocol.details.parse import read_past_detail
from authserver.protocol.safe_text import neutralise
from tests.support.details import payments
from tests.support.payment_proofs import MANDATE, NONCE, PAYMENT, approve, as_bytes

_HONEST = approve()
_WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def _canonical(document: dict[str, Any]) -> dict[str, Any]:
    return dict(read_past_detail(document))


_PAYMENTS = payments.map(_canonical)
_MANDATES = st.builds(
    lambda payment, period, day: _canonical({
        **{name: value for name, value in payment.items() if name != "instructedAmount"},
        "type": "variable_recurring_payment",
        "maximumIndividualAmount": payment["instructedAmount"],
        "periodicLimit": {"period": period, "amount": payment["instructedAmount"]},
        "validUntil": str(day),
    }),
    payments, st.sampled_from(["day", "week", "month", "year"]), st.dates(),
)  # fmt: skip


def _leaves(value: Any, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:  # noqa: ANN401 - any JSON
    if isinstance(value, dict):
        return [leaf for name, member in value.items() for leaf in _leaves(member, (*path, name))]
    return [path]


def _challenge(payment: dict[str, Any], text: str = "text", client_id: str = "app") -> bytes:
    return payment_challenge(NONCE, client_id, text, payment)


@pytest.mark.parametrize("payment", [PAYMENT, MANDATE], ids=["one payment", "payments to come"])
@given(st.data(), _WORDS)
def test_any_change_of_one_member_of_the_payment_breaks_the_proof(
    payment: dict[str, Any], data: st.DataObject, value: str
) -> None:
    path = data.draw(st.sampled_from(_leaves(payment)))
    changed = copy.deepcopy(payment)
    place = changed
    for name in path[:-1]:
        place = place[name]
    assume(place[path[-1]] != value)
    place[path[-1]] = value
    assert "challenge" in verify_proof(as_bytes(approve(payment), payment=changed)).failed()


@given(st.integers(0, len(_HONEST.text) - 1), st.characters(exclude_categories=["Cs"]))
def test_any_change_of_one_letter_of_the_text_breaks_the_proof(place: int, letter: str) -> None:
    changed = _HONEST.text[:place] + letter + _HONEST.text[place + 1 :]
    assume(changed != _HONEST.text)
    assert set(verify_proof(as_bytes(_HONEST, text=changed)).failed()) == {"text", "challenge"}


@given(_PAYMENTS | _MANDATES, _PAYMENTS | _MANDATES)
def test_two_payments_have_two_challenges(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert (_challenge(one) == _challenge(other)) == (one == other)


@given(_WORDS, _WORDS, _WORDS, _WORDS)
def test_no_letter_moves_between_app_and_text_unseen(app: str, text: str, other_app: str, other_text: str) -> None:
    same = (app, text) == (other_app, other_text)
    assert (_challenge(PAYMENT, text, app) == _challenge(PAYMENT, other_text, other_app)) == same


@given(_PAYMENTS | _MANDATES, st.sampled_from(["en", "de", "fr"]))
def test_every_payment_reads_the_same_each_time_and_its_proof_holds(payment: dict[str, Any], language: str) -> None:
    assert payment_text(payment, language) == payment_text(copy.deepcopy(payment), language)
    assert verify_proof(as_bytes(approve(payment, language=language)))


@given(st.text(max_size=50))
def test_what_is_shown_can_be_seen(text: str) -> None:
    assert neutralise(text).isprintable()


@given(st.binary(max_size=200))
def test_no_file_is_an_accident(data: bytes) -> None:
    assert not verify_proof(data)
