"""Payments to come: the limits that a person approved, and whether one more payment lies within them."""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Self

from authserver.resource.details import Detail
from authserver.resource.model import AccessToken
from authserver.sandbox.bank.orders import ABOUT_THE_GRANT, NotApproved, Order, format_cents, parse_euros, thawed
from authserver.values import Hidden, Value

MANDATE: Final = "variable_recurring_payment"
_AMOUNT: Final = "instructedAmount"
_LIMITS: Final = frozenset({"maximumIndividualAmount", "periodicLimit", "validUntil"})
_MONTHS: Final = 12


class Period(Value, frozen=True):
    """One period of the calendar, in UTC: its first day, and the first day after it."""

    first_day: date
    next_first_day: date


class Mandate(Value, frozen=True):
    """Limits that one person gave one app.

    `mandate_id` stands for the person, the app and all that was approved: whoever approves the same again adds nothing
    to what may be paid. Amounts are in cents.
    """

    mandate_id: bytes
    members: Hidden[Mapping[str, Any]]
    each_cents: int
    period_cents: int
    last_day: date

    @classmethod
    def of(cls, token: AccessToken, detail: Detail) -> Self:
        """Return the limits in a token's detail; raises ValueError where they are in no currency of this bank."""
        members: dict[str, Any] = {
            name: thawed(member) for name, member in detail.items() if name not in ABOUT_THE_GRANT
        }
        known_by = json.dumps([token.subject, token.client_id, members], sort_keys=True)
        return cls(
            hashlib.sha256(known_by.encode()).digest(),
            members,
            _limit_cents(members["maximumIndividualAmount"]),
            _limit_cents(members["periodicLimit"]["amount"]),
            date.fromisoformat(members["validUntil"]),
        )

    def period_at(self, now: int) -> Period:
        """Return the period in which a moment lies."""
        return _PERIODS[self.members["periodicLimit"]["period"]](_day_of(now))

    def order_within(self, document: object, now: int) -> tuple[Order, int]:
        """Return the order and its cents where it is to the approved payee and each limit but the period's total holds.

        Raises ValueError where the body is no order in EUR, NotApproved with the member that it goes beyond.
        """
        if not isinstance(document, dict):
            raise ValueError("the body must be a JSON object")
        cents = parse_euros(document.get(_AMOUNT))
        approved = {name: member for name, member in self.members.items() if name not in _LIMITS}
        given = {name: member for name, member in document.items() if name != _AMOUNT}
        differing = tuple(name for name in approved if given.get(name) != approved[name])
        if differing or given.keys() - approved.keys():
            raise NotApproved(differing or ("a member that is not part of it",))
        if _day_of(now) > self.last_day:
            raise NotApproved((f"validUntil {self.last_day}",))
        if cents > self.each_cents:
            raise NotApproved((f"maximumIndividualAmount {format_cents(self.each_cents)} EUR",))
        return Order(document), cents


def describe_period(mandate: Mandate, period: Period, paid_cents: int) -> dict[str, object]:
    """Return what was paid in a period and what is left of it, as the API shows it."""
    left = max(0, mandate.period_cents - paid_cents)
    return {
        "firstDay": period.first_day.isoformat(),
        "lastDay": (period.next_first_day - timedelta(days=1)).isoformat(),
        "paid": {"currency": "EUR", "amount": format_cents(paid_cents)},
        "left": {"currency": "EUR", "amount": format_cents(left)},
    }


def _limit_cents(money: Mapping[str, str]) -> int:
    """Return the cents of a limit: the server writes an amount in EUR with two decimals, always."""
    if money["currency"] != "EUR":
        raise ValueError("this bank pays in EUR")
    return int(money["amount"].replace(".", ""))


def _day_of(now: int) -> date:
    return datetime.fromtimestamp(now, UTC).date()


def _day(day: date) -> Period:
    return Period(day, day + timedelta(days=1))


def _week(day: date) -> Period:
    monday = day - timedelta(days=day.weekday())
    return Period(monday, monday + timedelta(days=7))


def _month(day: date) -> Period:
    is_last = day.month == _MONTHS
    return Period(day.replace(day=1), date(day.year + is_last, 1 if is_last else day.month + 1, 1))


def _year(day: date) -> Period:
    return Period(date(day.year, 1, 1), date(day.year + 1, 1, 1))


_PERIODS: Final = {"day": _day, "week": _week, "month": _month, "year": _year}
