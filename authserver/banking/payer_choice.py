"""Which of a person's accounts a payment is made from: the one that the app names, else one that the person chooses.

What is chosen is part of the payment from then on: it stands in the text, and the approval signs it.
"""

from collections.abc import Mapping, Sequence

from authserver.protocol.details.bank_accounts import BankAccount
from authserver.protocol.details.model import Detail, Details
from authserver.protocol.details.registry import is_to_pay, type_of
from authserver.values import Value

_DEBTOR = "debtorAccount"


class Payer(Value, frozen=True):
    """A payment with the account that it is made from, as far as this server knows of any.

    `offered` are the accounts to choose from, and `place` is where among them the present one stands; there are none
    where nothing is to be chosen. `is_strangers`: the app names an account that is not the person's.
    """

    payment: Detail
    offered: tuple[BankAccount, ...] = ()
    place: int = 0
    is_strangers: bool = False


def choose_payer(payment: Detail, own: Sequence[BankAccount], wanted: str) -> Payer:
    """Return a payment with the account that `wanted`, a place in the person's list, stands for; the first where none.

    A bank that tells this server of no accounts chooses by itself, and the text says so. What is not to be paid is made
    from no account.

    Spec: RTS-SCA-5.1, RFC9396-7.1
    """
    named = payment.get(_DEBTOR)
    if isinstance(named, Mapping):
        is_own = not own or any(account.iban == named["iban"] for account in own)
        return Payer(payment, is_strangers=not is_own)
    if not own or not is_to_pay(payment):
        return Payer(payment)
    place = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < len("1000") else 0
    place = place if place < len(own) else 0
    chosen = {**payment, _DEBTOR: {"iban": own[place].iban}}
    return Payer(chosen, tuple(own) if len(own) > 1 else (), place)


def with_payment(details: Details, approved: Mapping[str, object]) -> Details:
    """Return the details of a request with its payment as it was approved: with the account that was chosen.

    Spec: RFC9396-7.1
    """
    return tuple(approved if type_of(detail).is_payment else detail for detail in details)
