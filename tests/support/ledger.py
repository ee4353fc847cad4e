"""What requests have cost in SQL statements, held against a budget for each."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from werkzeug.test import TestResponse

from tests.support.deployment import StatementCounter

T = TypeVar("T", bound=TestResponse)


@dataclass
class Ledger:
    """What each request has cost."""

    spending: dict[str, list[str]] = field(default_factory=dict)

    def note(self, name: str, act: Callable[[], T], *, status: int = 200) -> T:
        """Do one request, note its statements under a name and return its answer."""
        with StatementCounter() as counter:
            response = act()
        assert response.status_code == status, response.text
        self.spending[name] = counter.statements
        return response

    def check(self, budgets: Mapping[str, int]) -> None:
        """Check that no request cost more than its budget says, and that each has one."""
        over = {name: found for name, found in self.spending.items() if len(found) > budgets[name]}
        assert not over, "\n".join(f"{name}:\n  " + "\n  ".join(found) for name, found in over.items())
        assert set(self.spending) == set(budgets)
