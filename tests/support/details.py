"""Honest authorization details of every type, and Hypothesis strategies for them."""

import json
from collections.abc import Mapping
from typing import Any

from hypothesis import strategies as st

from authserver.protocol.details.money import currencies, minor_units

CURRENT = "AT611904300234573201"
SAVINGS = "DE89370400440532013000"
STRANGERS = "GB82WEST12345698765432"
BANK_ACCOUNTS = [{"iban": CURRENT, "name": "Everyday account"}, {"iban": SAVINGS, "name": "Savings account"}]

Document = dict[str, Any]

PAYMENT: Document = {
    "type": "payment_initiation",
    "instructedAmount": {"currency": "EUR", "amount": "125.40"},
    "creditorName": "Bäckerei Huber",
    "creditorAccount": {"iban": STRANGERS},
    "remittanceInformationUnstructured": "Invoice 2027-118",
}
ACCOUNTS: Document = {"type": "account_information", "actions": ["list_accounts", "read_balances"]}
FUNDS: Document = {"type": "funds_confirmation", "account": {"iban": CURRENT}}
RECURRING: Document = {
    "type": "variable_recurring_payment",
    "creditorName": "Power and Light",
    "creditorAccount": {"iban": STRANGERS},
    "maximumIndividualAmount": {"currency": "EUR", "amount": "100.00"},
    "periodicLimit": {"period": "month", "amount": {"currency": "EUR", "amount": "250.00"}},
    "validUntil": "2099-12-31",
}
EVERY_TYPE = (PAYMENT, ACCOUNTS, FUNDS, RECURRING)


def text_of(*details: Mapping[str, object]) -> str:
    """Return the parameter's text."""
    return json.dumps(list(details))


@st.composite
def amounts(draw: st.DrawFn) -> Document:
    """Return any amount that may be asked for."""
    currency = draw(st.sampled_from(sorted(currencies())))
    units = draw(st.integers(1, 10**12))
    decimals = minor_units(currency)
    digits = str(units).rjust(decimals + 1, "0")
    amount = f"{digits[:-decimals]}.{digits[-decimals:]}" if decimals else digits
    return {"currency": currency, "amount": amount}


names = st.text(st.characters(categories=["L", "N", "P"]), min_size=1, max_size=40)
ibans = st.sampled_from([CURRENT, SAVINGS, STRANGERS, "NO9386011117947", "MT84MALT011000012345MTLCAST001S"])
_optional = {
    "creditorAgent": st.sampled_from(["COBADEFF", "COBADEFFXXX"]),
    "remittanceInformationUnstructured": names,
    "debtorAccount": st.fixed_dictionaries({"iban": ibans}),
    "actions": st.lists(st.sampled_from(["initiate", "status", "cancel"]), min_size=1, unique=True),
}
payments = st.fixed_dictionaries(
    {
        "type": st.just("payment_initiation"),
        "instructedAmount": amounts(),
        "creditorName": names,
        "creditorAccount": st.fixed_dictionaries({"iban": ibans}),
    },
    optional=_optional,
)
account_reads = st.fixed_dictionaries(
    {
        "type": st.just("account_information"),
        "actions": st.lists(
            st.sampled_from(["list_accounts", "read_balances", "read_transactions"]), min_size=1, unique=True
        ),
    },
    optional={
        "accounts": st.lists(
            st.fixed_dictionaries({"iban": ibans}), min_size=1, max_size=4, unique_by=lambda a: a["iban"]
        )
    },
)
fund_checks = st.fixed_dictionaries(
    {"type": st.just("funds_confirmation"), "account": st.fixed_dictionaries({"iban": ibans})}
)


@st.composite
def lists_of_details(draw: st.DrawFn) -> list[Document]:
    """Return any list of details that one request may hold: with one payment at most."""
    others = draw(st.lists(account_reads | fund_checks, max_size=3))
    payment = draw(st.lists(payments, min_size=0 if others else 1, max_size=1))
    return draw(st.permutations([*others, *payment]))
