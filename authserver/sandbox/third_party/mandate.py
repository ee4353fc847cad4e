"""Limits that a person approved, as the app keeps and shows them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any


@dataclass(slots=True)
class ApprovedMandate:
    """Limits that the person approved, the tokens for them, and what the bank last told of the present period.

    `told` is what came of the last payment, in plain words; `was_refused` says that nothing was paid.
    """

    detail: Mapping[str, Any]
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    good_until: int
    paid: str = ""
    left: str = ""
    period_ends: str = ""
    told: str = ""
    was_refused: bool = False

    @property
    def last_day(self) -> str:
        """Return the last day as people read it."""
        return _shown_day(self.detail["validUntil"])

    @property
    def each_time(self) -> str:
        """Return the most that one payment may be."""
        return _euros(self.detail["maximumIndividualAmount"])

    @property
    def each_period(self) -> str:
        """Return the most that may be paid in a month."""
        return _euros(self.detail["periodicLimit"]["amount"])

    def learn(self, period: Mapping[str, Any]) -> None:
        """Keep what the bank told of the present period."""
        self.paid, self.left = _euros(period["paid"]), _euros(period["left"])
        self.period_ends = _shown_day(period["lastDay"])


def _euros(money: Mapping[str, str]) -> str:
    return f"€ {money['amount']}"


def _shown_day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {day:%B} {day.year}"
