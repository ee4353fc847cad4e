"""Payment orders as an app sends them, and whether one is exactly what the person approved."""

from collections.abc import Mapping, Sequence

from authserver.resource.details import Detail, frozen
from authserver.values import Hidden, Value

PAYMENT = "payment_initiation"
ABOUT_THE_GRANT = frozenset({"type", "actions", "locations"})
_INITIATE = "initiate"
_MOST_WHOLE_DIGITS = 7


class NotApproved(Exception):
    """The order is not the payment that the person approved; `members` are those that differ."""

    def __init__(self, members: tuple[str, ...]) -> None:
        super().__init__(f"not what was approved: {', '.join(members)}")
        self.members = members


class Order(Value, frozen=True):
    """One payment order, whose members are those that the person approved and no others."""

    members: Hidden[Mapping[str, object]]

    def describe(self) -> dict[str, object]:
        """Return the order as it came."""
        return {name: thawed(member) for name, member in self.members.items()}


def approved_order(document: object, details: Sequence[Detail]) -> Order:
    """Return the order where it is, member by member, the one payment that was approved.

    What the person saw is what the server put into the token: an order that leaves a member out, adds one or writes one
    otherwise is another payment. Raises ValueError where the body is no object, NotApproved where it is not the same.
    """
    order = frozen(document)
    if not isinstance(order, Mapping):
        raise ValueError("the body must be a JSON object")
    if len(details) != 1 or not may_initiate(details[0]):
        raise NotApproved(("actions",))
    approved = {name: member for name, member in details[0].items() if name not in ABOUT_THE_GRANT}
    names = sorted(approved.keys() | order.keys())
    differing = tuple(name for name in names if name not in approved or order.get(name) != approved[name])
    if differing:
        raise NotApproved(differing)
    return Order(order)


def parse_cents(text: object) -> int:
    """Return the cents of an amount in EUR; raises ValueError for whatever is not written like 12.50, or is nothing."""
    whole, point, cents = text.partition(".") if isinstance(text, str) else ("", "", "")
    digits = whole + cents
    is_amount = point and len(cents) == 2 and digits.isascii() and digits.isdigit()  # noqa: PLR2004 - two decimals
    if not is_amount or not 0 < len(whole) <= _MOST_WHOLE_DIGITS or int(digits) == 0:
        raise ValueError("amount must be written like 12.50 and be more than nothing")
    return int(digits)


def parse_euros(amount: object) -> int:
    """Return the cents of an amount with its currency; raises ValueError where it is not an amount in EUR."""
    if not isinstance(amount, Mapping) or amount.get("currency") != "EUR":
        raise ValueError("instructedAmount must be an amount in EUR")
    return parse_cents(amount.get("amount"))


def format_cents(cents: int) -> str:
    """Return cents as an amount with two decimals."""
    sign = "-" if cents < 0 else ""
    return f"{sign}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def may_initiate(detail: Detail) -> bool:
    """Return whether a payment may be made, and not only looked at; where nothing is said, all of it."""
    actions = detail.get("actions", (_INITIATE,))
    return isinstance(actions, tuple) and _INITIATE in actions


def thawed(value: object) -> object:
    """Return a JSON value as it was before it was frozen."""
    if isinstance(value, Mapping):
        return {name: thawed(member) for name, member in value.items()}
    return [thawed(member) for member in value] if isinstance(value, tuple) else value
