"""A session's life: begun, looked at, raised by a factor, ended.

Nothing here knows whether the account is still open. Whoever takes a session asks `accounts.store.people.find` and
refuses one whose account is missing or locked; whoever locks an account, or changes its factors, calls `end_all` in the
same transaction.
"""

import hashlib
import re
import secrets
from collections.abc import Collection
from typing import Final

from authserver.clock import is_ahead, is_fresh
from authserver.protocol.assurance import satisfies
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.sessions import store
from authserver.sessions.acr import acr_for
from authserver.sessions.model import Browser, ProvedFactor, Session, SessionLimits
from authserver.sessions.store import Connection
from authserver.values import replace

TOUCH_INTERVAL_SECONDS: Final = 60
_RANDOM_BYTES: Final = 32
_COOKIE_VALUE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def find_current(connection: Connection, cookie_value: str | None, limits: SessionLimits, now: int) -> Session | None:
    """Find the session of a cookie if it is neither ended, idle too long, nor past its end; never writes.

    Spec: ASVS5-7.2.1, ASVS5-7.4.1
    """
    session_hash = _hash(cookie_value)
    if session_hash is None:
        return None
    session = store.find(connection, session_hash)
    return session if session and is_live(session, limits, now) else None


def current(connection: Connection, cookie_value: str | None, limits: SessionLimits, now: int) -> Session | None:
    """Find the session of a cookie as `find_current` does, and note at most once a minute that it is in use.

    So a session may end up to a minute before its idle limit, never after it. Give it a transaction's connection, since
    it may write.
    """
    session = find_current(connection, cookie_value, limits, now)
    if session is None or not is_due(session, now):
        return session
    store.touch(connection, _hash_of(cookie_value or ""), now)
    return replace(session, last_seen_at=now)


def is_due(session: Session, now: int) -> bool:
    """Answer whether it is time to note again that a session is in use."""
    return not is_fresh(session.last_seen_at, TOUCH_INTERVAL_SECONDS, now)


def start(
    connection: Connection, account_id: str, method: str, limits: SessionLimits, now: int, browser: Browser
) -> tuple[Session, str]:
    """Begin a session on one factor and answer it with the cookie's value; the browser's old one is worth nothing then.

    That one ends, and the apps that it served are told. Where it was the same person's it goes on: they are signed in
    to those apps still, so the public id, by which apps know it, stays.

    Spec: ASVS5-7.2.4, ASVS5-7.2.3
    """
    session = Session(
        session_id=_replace(connection, account_id, browser.cookie, now) or secrets.token_urlsafe(_RANDOM_BYTES),
        account_id=account_id,
        factors=(ProvedFactor(method, now),),
        created_at=now,
        authenticated_at=now,
        last_seen_at=now,
        expires_at=now + limits.absolute_seconds,
        browser=browser.name,
    )
    return session, _save(connection, session)


def elevate(
    connection: Connection, cookie_value: str | None, method: str, limits: SessionLimits, now: int
) -> tuple[Session, str] | None:
    """Add a factor to a live session under a new cookie value; None if the session is over.

    The public id and the absolute end stay. Of two requests that elevate one session at once, the one that ends the
    old row goes on and the other gets None; should saving the new row then fail, the transaction brings the old back.

    Spec: ASVS5-7.2.4, RFC9470-5
    """
    session = find_current(connection, cookie_value, limits, now)
    if session is None or not store.replace_cookie(connection, _hash_of(cookie_value or ""), now):
        return None
    kept = tuple(factor for factor in session.factors if factor.method != method)
    raised = replace(session, factors=(*kept, ProvedFactor(method, now)), authenticated_at=now, last_seen_at=now)
    return raised, _save(connection, raised)


def end(connection: Connection, cookie_value: str | None, now: int) -> bool:
    """End the session of a cookie; true for the one call that ended it.

    Spec: ASVS5-7.4.1
    """
    session_hash = _hash(cookie_value)
    return session_hash is not None and store.end(connection, session_hash, now)


def end_all(connection: Connection, account_id: str, now: int) -> int:
    """End every session of an account and answer how many there were.

    Spec: ASVS5-7.4.2
    """
    return store.end_all(connection, account_id, now)


def end_resting_on(connection: Connection, account_id: str, methods: Collection[str], now: int) -> int:
    """End those sessions of an account that rest on one of these methods, and answer how many there were.

    Spec: ASVS5-7.4.1
    """
    resting = (
        found.session_id
        for found in store.find_all(connection, account_id, now)
        if any(factor.method in methods for factor in found.factors)
    )
    return sum(store.end_one(connection, account_id, session_id, now) for session_id in resting)


def find_live(connection: Connection, account_id: str, limits: SessionLimits, now: int) -> list[Session]:
    """Find an account's sessions as they are now, latest first.

    Spec: ASVS5-7.5.2
    """
    return [found for found in store.find_all(connection, account_id, now) if is_live(found, limits, now)]


def find_served(connection: Connection, session: Session) -> list[str]:
    """Find the ids of the clients that a session served, a hundred at most.

    Spec: OIDCFCL-3
    """
    return store.find_served(connection, session)


def is_live(session: Session, limits: SessionLimits, now: int) -> bool:
    """Answer whether a session is within its absolute and its idle limit.

    Spec: ASVS5-7.3.1, ASVS5-7.3.2, RTS-SCA-4.3
    """
    return seconds_left(session, limits, now) > 0


def seconds_left(session: Session, limits: SessionLimits, now: int) -> int:
    """Answer for how many seconds a session goes on if it is not used; none or less where it is over.

    One that was last seen in the future is over: nobody knows for how long it has been idle.

    Spec: RTS-SCA-4.3
    """
    if is_ahead(session.last_seen_at, now):
        return 0
    is_strong = satisfies(acr_for(session.factors), ACR_TWO_FACTORS)
    idle_seconds = limits.strong_idle_seconds if is_strong else limits.idle_seconds
    return min(session.expires_at, session.last_seen_at + idle_seconds) - now


def _replace(connection: Connection, account_id: str, cookie_value: str, now: int) -> str:
    """End what a browser was signed in by; return the public id of what the same person goes on with."""
    session_hash = _hash(cookie_value)
    before = store.find(connection, session_hash) if session_hash is not None else None
    if session_hash is None or before is None:
        return ""
    if before.account_id != account_id:
        store.end(connection, session_hash, now)
        return ""
    return before.session_id if store.replace_cookie(connection, session_hash, now) else ""


def _save(connection: Connection, session: Session) -> str:
    cookie_value = secrets.token_urlsafe(_RANDOM_BYTES)
    store.save(connection, _hash_of(cookie_value), session)
    return cookie_value


def _hash(cookie_value: str | None) -> bytes | None:
    """Hash what a browser sent as its cookie, or answer None for what was never issued."""
    if cookie_value is None or not _COOKIE_VALUE.fullmatch(cookie_value):
        return None
    return _hash_of(cookie_value)


def _hash_of(cookie_value: str) -> bytes:
    return hashlib.sha256(cookie_value.encode()).digest()
