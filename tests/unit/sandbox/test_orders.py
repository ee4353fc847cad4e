"""An order at the sample bank is exactly the payment that was approved, or it is none."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.resource.details import Detail, parse_details
from authserver.sandbox.bank.orders import NotApproved, approved_order, parse_euros

ORDER: dict[str, Any] = {
    "instructedAmount": {"currency": "EUR", "amount": "125.40"},
    "creditorName": "Bäckerei Huber",
    "creditorAccount": {"iban": "DE89370400440532013000"},
    "remittanceInformationUnstructured": "Invoice 2071",
}
DETAIL = {"type": "payment_initiation", "locations": ["https://bank.example/payments"], **ORDER}


def granted(*details: dict[str, Any]) -> tuple[Detail, ...]:
    return parse_details(list(details))


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize("more", [{}, {"actions": ["initiate", "status"]}])
def test_the_approved_payment_is_taken_whatever_the_order_of_its_members(more: dict[str, Any]) -> None:
    order = approved_order(dict(reversed(ORDER.items())), granted({**DETAIL, **more}))
    assert order.describe() == ORDER


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize(
    ("change", "member"),
    [
        ({"instructedAmount": {"currency": "EUR", "amount": "125.41"}}, "instructedAmount"),
        ({"instructedAmount": {"currency": "USD", "amount": "125.40"}}, "instructedAmount"),
        ({"instructedAmount": {"currency": "EUR", "amount": 125.40}}, "instructedAmount"),
        ({"instructedAmount": {"currency": "EUR", "amount": "125.4"}}, "instructedAmount"),
        ({"instructedAmount": {"currency": "EUR", "amount": "125.40", "more": "1"}}, "instructedAmount"),
        ({"creditorName": "Bäckerei Hüber"}, "creditorName"),
        ({"creditorName": "Ba\u0308ckerei Huber"}, "creditorName"),
        ({"creditorAccount": {"iban": "AT611904300234573201"}}, "creditorAccount"),
        ({"creditorAccount": {"iban": "DE89 3704 0044 0532 0130 00"}}, "creditorAccount"),
        ({"debtorAccount": {"iban": "AT611904300234573201"}}, "debtorAccount"),
        ({"remittanceInformationUnstructured": ""}, "remittanceInformationUnstructured"),
        ({"type": "payment_initiation"}, "type"),
    ],
)
def test_one_member_otherwise_is_another_payment(change: dict[str, Any], member: str) -> None:
    with pytest.raises(NotApproved) as refusal:
        approved_order({**ORDER, **change}, granted(DETAIL))
    assert refusal.value.members == (member,)


@pytest.mark.parametrize("member", ORDER)
def test_a_member_left_out_is_another_payment(member: str) -> None:
    with pytest.raises(NotApproved):
        approved_order({name: value for name, value in ORDER.items() if name != member}, granted(DETAIL))


@pytest.mark.parametrize("details", [(), (DETAIL, DETAIL), ({**DETAIL, "actions": ["status"]},)])
def test_a_token_without_one_payment_to_initiate_pays_nothing(details: tuple[dict[str, Any], ...]) -> None:
    with pytest.raises(NotApproved):
        approved_order(ORDER, granted(*details))


@pytest.mark.parametrize("body", [None, [], "text", 1])
def test_a_body_that_is_no_object_is_told_so(body: object) -> None:
    with pytest.raises(ValueError, match="must be a JSON object"):
        approved_order(body, granted(DETAIL))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=4,
)


@given(st.dictionaries(st.sampled_from([*ORDER, "type", "extra"]), json_values, max_size=6))
def test_no_other_body_ever_passes(changes: dict[str, object]) -> None:
    body = {**ORDER, **changes}
    if body == ORDER:
        return
    with pytest.raises(NotApproved):
        approved_order(body, granted(DETAIL))


@pytest.mark.parametrize(
    "amount",
    [
        *(
            {"amount": text, "currency": "EUR"}
            for text in ("12", "12.5", "0.00", "-1.00", ".50", "1e3.00", "12345678.00")
        ),
        *({"amount": text, "currency": "EUR"} for text in ("\u0661.00", 12.5, None)),
        {"amount": "1.00", "currency": "USD"},
        "12.50",
        None,
    ],
    ids=repr,
)
def test_an_amount_that_the_bank_cannot_pay_is_refused(amount: object) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse_euros(amount)


def test_an_amount_in_euros_is_read() -> None:
    assert parse_euros({"amount": "12.50", "currency": "EUR"}) == 1250
