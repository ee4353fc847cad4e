"""The table `logout_notices` as a queue. A row without `expires_at` waits; one with it was given up."""

from collections.abc import Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, or_, select, update

from authserver.clock import CLOCKS_APART_SECONDS
from authserver.db.statement import Statement
from authserver.db.tables.outbound import logout_notices
from authserver.signals.model import LONGEST_DELAY_SECONDS, MOST_ATTEMPTS, LogoutNotice, delay_after
from authserver.values import replace

MOST_OF_ONE_CLIENT: Final = 4
"""How many notices to one client are found at once, so that one that does not answer leaves room for the others."""

_COLUMNS: Final = (
    logout_notices.c.notice_id,
    logout_notices.c.session_id,
    logout_notices.c.account_id,
    logout_notices.c.client_id,
    logout_notices.c.happened_at,
    logout_notices.c.attempts,
    logout_notices.c.due_at,
)
_LOOKED_AT: Final = 1000
_WAITS: Final = logout_notices.c.expires_at.is_(None)
# Due later than any attempt is put off: by a clock that was set back since, and would keep the notice for that long.
_IS_DUE: Final = or_(logout_notices.c.due_at <= bindparam("now"), logout_notices.c.due_at > bindparam("latest"))
_due = select(*_COLUMNS).where(_WAITS, _IS_DUE).order_by(logout_notices.c.due_at).limit(_LOOKED_AT).subquery("due")
_placed = select(
    *_due.c, func.row_number().over(partition_by=_due.c.client_id, order_by=_due.c.due_at).label("place")
).subquery("placed")
_FIND_DUE: Final = Statement(
    select(*(_placed.c[column.name] for column in _COLUMNS))
    .where(_placed.c.place <= bindparam("most_of_one", type_=logout_notices.c.attempts.type))
    .order_by(_placed.c.due_at)
    .limit(bindparam("most"))
)
_AS_SEEN: Final = (
    (logout_notices.c.notice_id == bindparam("wanted_id")) & (logout_notices.c.due_at == bindparam("seen")) & _WAITS
)
_CLAIM: Final = Statement(
    update(logout_notices).where(_AS_SEEN).values(due_at=bindparam("until"), attempts=logout_notices.c.attempts + 1)
)
_POSTPONE: Final = Statement(update(logout_notices).where(_AS_SEEN).values(due_at=bindparam("until")))
_HOLD_BACK: Final = Statement(
    update(logout_notices)
    .where(
        logout_notices.c.client_id == bindparam("wanted_client"),
        _WAITS,
        logout_notices.c.attempts == 0,
        logout_notices.c.due_at < bindparam("until"),
    )
    .values(due_at=bindparam("until"))
)
_GIVE_UP: Final = Statement(update(logout_notices).where(_AS_SEEN).values(expires_at=bindparam("until")))
_REMOVE: Final = Statement(delete(logout_notices).where(_AS_SEEN))


class LogoutQueue:
    """Notices that wait, by client and time."""

    most_attempts = MOST_ATTEMPTS

    def delay_after(self, attempts: int) -> int | None:
        """Return after how many seconds to try again, or None after the last attempt."""
        return delay_after(attempts)

    def claimed(self, found: LogoutNotice, until: int) -> LogoutNotice:
        """Return a notice as it is once it is claimed until then."""
        return replace(found, attempts=found.attempts + 1, due_at=until)

    def find_due(self, connection: Connection, now: int, most: int) -> Sequence[LogoutNotice]:
        """Return notices whose time has come, the longest due first, and few to any one client."""
        latest = now + 2 * LONGEST_DELAY_SECONDS + CLOCKS_APART_SECONDS
        values = {"now": now, "latest": latest, "most_of_one": MOST_OF_ONE_CLIENT, "most": most}
        return [LogoutNotice(*row) for row in _FIND_DUE.rows(connection, values)]

    def claim(self, connection: Connection, found: LogoutNotice, until: int) -> bool:
        """Take a notice for one attempt, until then: true for exactly one of those who found it due."""
        return _CLAIM.count(connection, {**_seen(found), "until": until}) == 1

    def postpone(self, connection: Connection, claimed: LogoutNotice, until: int) -> bool:
        """Let a notice wait for another attempt, and what was never tried with its client as long.

        False where another worker has it by now.
        """
        if _POSTPONE.count(connection, {**_seen(claimed), "until": until}) != 1:
            return False
        _HOLD_BACK.run(connection, {"wanted_client": claimed.client_id, "until": until})
        return True

    def give_up(self, connection: Connection, claimed: LogoutNotice, until: int) -> bool:
        """Try a notice no more, and keep it until then; false where another worker has it by now."""
        return _GIVE_UP.count(connection, {**_seen(claimed), "until": until}) == 1

    def remove_sent(self, connection: Connection, claimed: LogoutNotice) -> None:
        """Remove a claimed notice whose client was told."""
        _REMOVE.run(connection, _seen(claimed))

    def describe(self, waiting: LogoutNotice) -> tuple[str, str, Mapping[str, str]]:
        """Return the account, the client and the detail of each event about a notice."""
        return waiting.account_id, waiting.client_id, {}


def _seen(notice: LogoutNotice) -> dict[str, object]:
    return {"wanted_id": notice.notice_id, "seen": notice.due_at}
