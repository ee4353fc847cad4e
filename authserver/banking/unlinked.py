"""When a payment may be approved by something that is not bound to it, such as a one-time code."""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

from authserver.protocol.details.money import currencies, minor_units

_LIMIT: Final = re.compile(r"([0-9]{1,13}(?:\.[0-9]{1,3})?) ([A-Z]{3})")


def parse_limits(texts: tuple[str, ...]) -> Mapping[str, Decimal]:
    """Return the limit of each currency from texts such as `30.00 EUR`; raises ValueError for any other.

    Spec: RTS-SCA-16.1
    """
    found = [_LIMIT.fullmatch(text) for text in texts]
    limits = {match[2]: Decimal(match[1]) for match in found if match is not None}
    if len(limits) != len(texts):
        raise ValueError("an amount and a currency, each currency once")
    for currency, limit in limits.items():
        if currency not in currencies() or -int(limit.as_tuple().exponent) > minor_units(currency):
            raise ValueError("a currency of today, and no more decimals than it has")
    return limits


def may_be_unlinked(payment: Mapping[str, Any], limits: Mapping[str, Decimal]) -> bool:
    """Return whether a payment is small enough to be approved by what is not bound to its amount and payee.

    A currency without a limit has none of it, and neither have payments to come: however small each is, there may be
    many, and what allows them has no amount of its own.

    Spec: RTS-SCA-5.1, RTS-SCA-14.1, RTS-SCA-16.1
    """
    amount = payment.get("instructedAmount")
    if amount is None:
        return False
    limit = limits.get(amount["currency"])
    return limit is not None and Decimal(amount["amount"]) <= limit
