"""The table `letters`. A letter without `expires_at` waits; one with it was given up."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import Connection, bindparam, delete, func, insert, select, update

from authserver.clock import CLOCKS_APART_SECONDS
from authserver.db.engine import DIALECTS
from authserver.db.statement import Statement
from authserver.db.tables.outbound import letters
from authserver.db.upsert import insert_for
from authserver.outbound.model import LONGEST_DELAY_SECONDS, MOST_WAITING, SPACING_SECONDS, WaitingLetter
from authserver.protocol.handles import hash_handle, new_handle

_COLUMNS: Final = (
    letters.c.letter_id,
    letters.c.account_id,
    letters.c.name,
    letters.c.detail,
    letters.c.language,
    letters.c.happened_at,
    letters.c.times,
    letters.c.attempts,
    letters.c.due_at,
)
_WAITS: Final = letters.c.expires_at.is_(None)
_waiting = (
    select(func.count().label("before"))
    .select_from(letters)
    .where(letters.c.account_id == bindparam("account_id"), _WAITS)
    .subquery("waiting")
)
_GIVEN: Final = ("letter_id", "account_id", "name", "detail", "language", "happened_at")
# One statement counts and adds, so what a person has waiting passes the bound by no more than what comes at one moment.
_ADD: Final = Statement(
    insert(letters).from_select(
        [*_GIVEN, "times", "attempts", "due_at"],
        select(
            *(bindparam(name, type_=letters.c[name].type) for name in _GIVEN),
            bindparam("once", type_=letters.c.times.type),
            bindparam("never", type_=letters.c.attempts.type),
            bindparam("happened_at", type_=letters.c.happened_at.type) + _waiting.c.before * SPACING_SECONDS,
        ).where(_waiting.c.before < MOST_WAITING),
    )
)


def _one_more(dialect: str) -> Statement:
    statement = insert_for(dialect, letters)
    columns = [column.name for column in _COLUMNS]
    counted = {"times": letters.c.times + 1, "attempts": 0, "expires_at": None}
    return Statement(statement.on_conflict_do_update(index_elements=["letter_id"], set_=counted), columns)


_ONE_MORE: Final = {dialect: _one_more(dialect) for dialect in DIALECTS}
_FIND_DUE: Final = Statement(
    select(*_COLUMNS)
    .where(_WAITS, letters.c.due_at <= bindparam("now"))
    .order_by(letters.c.expires_at, letters.c.due_at)  # as the index is: PostgreSQL would sort for `due_at` alone
    .limit(bindparam("most"))
)
# Due later than any attempt is put off: by a clock that was set back since, and would keep the letter for that long.
_FIND_AHEAD: Final = Statement(
    select(*_COLUMNS)
    .where(_WAITS, letters.c.due_at > bindparam("latest"))
    .order_by(letters.c.expires_at, letters.c.due_at)
    .limit(bindparam("most"))
)
_FIND_OF: Final = Statement(
    select(*_COLUMNS).where(_WAITS, letters.c.account_id == bindparam("wanted_account")).order_by(letters.c.due_at)
)
_AS_SEEN: Final = (letters.c.letter_id == bindparam("wanted_id")) & (letters.c.due_at == bindparam("seen")) & _WAITS
_CLAIM: Final = Statement(
    update(letters).where(_AS_SEEN).values(due_at=bindparam("until"), attempts=letters.c.attempts + 1)
)
_POSTPONE: Final = Statement(update(letters).where(_AS_SEEN).values(due_at=bindparam("until")))
_GIVE_UP: Final = Statement(update(letters).where(_AS_SEEN).values(expires_at=bindparam("until")))
_REMOVE: Final = Statement(delete(letters).where(_AS_SEEN, letters.c.times == bindparam("times_told")))
_LEAVE_REST: Final = Statement(
    update(letters).where(_AS_SEEN).values(times=letters.c.times - bindparam("times_told"), attempts=0)
)


def add(connection: Connection, letter: WaitingLetter, summary_name: str) -> None:
    """Queue a letter in the transaction of what it tells of.

    Where a person has too many waiting, one letter of the name `summary_name` stands for all that come from then on.
    """
    values = {name: getattr(letter, name) for name in _GIVEN}
    if _ADD.count(connection, {**values, "once": 1, "never": 0}):
        return
    values |= {"letter_id": f"more-{hash_handle(letter.account_id).hex()[:40]}", "name": summary_name, "detail": ""}
    due_at = letter.happened_at + MOST_WAITING * SPACING_SECONDS
    _ONE_MORE[connection.dialect.name].run(connection, {**values, "times": 1, "attempts": 0, "due_at": due_at})


def new_letter(account_id: str, name: str, detail: str, language: str, now: int) -> WaitingLetter:
    """Return a letter to be queued."""
    return WaitingLetter(new_handle(), account_id, name, detail, language, now, times=1, attempts=0, due_at=now)


def find_due(connection: Connection, now: int, most: int) -> Sequence[WaitingLetter]:
    """Return letters whose time has come, the longest due first; where there are none, those that wait for too long."""
    latest = now + LONGEST_DELAY_SECONDS + CLOCKS_APART_SECONDS
    rows = _FIND_DUE.rows(connection, {"now": now, "most": most})
    rows = rows or _FIND_AHEAD.rows(connection, {"latest": latest, "most": most})
    return [WaitingLetter(*row) for row in rows]


def find_of(connection: Connection, account_id: str) -> Sequence[WaitingLetter]:
    """Return the letters of one person that wait, whenever they are due; they are few by their bound."""
    return [WaitingLetter(*row) for row in _FIND_OF.rows(connection, {"wanted_account": account_id})]


def claim(connection: Connection, letter: WaitingLetter, until: int) -> bool:
    """Take a letter for one attempt, until then: true for exactly one of those who found it due."""
    return _CLAIM.count(connection, {"wanted_id": letter.letter_id, "seen": letter.due_at, "until": until}) == 1


def postpone(connection: Connection, letter: WaitingLetter, until: int) -> bool:
    """Let a letter wait for another attempt; false where another worker has it by now."""
    return _POSTPONE.count(connection, {"wanted_id": letter.letter_id, "seen": letter.due_at, "until": until}) == 1


def give_up(connection: Connection, letter: WaitingLetter, until: int) -> bool:
    """Try a letter no more, and keep it until then; false where another worker has it by now."""
    return _GIVE_UP.count(connection, {"wanted_id": letter.letter_id, "seen": letter.due_at, "until": until}) == 1


def remove_sent(connection: Connection, letter: WaitingLetter) -> None:
    """Remove a claimed letter that was sent; what was added to it meanwhile stays, for another."""
    values = {"wanted_id": letter.letter_id, "seen": letter.due_at, "times_told": letter.times}
    if not _REMOVE.count(connection, values):
        _LEAVE_REST.run(connection, values)
