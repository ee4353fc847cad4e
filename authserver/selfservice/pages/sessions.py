"""Where the person is signed in, and signing out one of those places or all the others."""

from flask import Blueprint, Response, request

from authserver.accounts.factors.table import METHODS
from authserver.events.catalogue import SESSIONS_ENDED
from authserver.selfservice import confirmation
from authserver.selfservice.account_page import (
    AccountDeps,
    AccountPage,
    AccountVisit,
    account_pages,
    event_of,
    go_on,
    go_to,
    show,
)
from authserver.sessions import lifecycle, store
from authserver.sessions.model import Session
from authserver.values import replace
from authserver.web.pages.form_page import View

PAGE = "sessions"
PATH = "/account/sessions"


def sessions_page(deps: AccountDeps) -> Blueprint:
    """Return the page at `/account/sessions`."""
    page = AccountPage(PATH, lambda visit: _show(deps, visit), answer=lambda visit: _answer(deps, visit))
    return account_pages(deps, "account_sessions", page)


def _show(deps: AccountDeps, visit: AccountVisit) -> View:
    with deps.step.database.read() as connection:
        live = lifecycle.find_live(connection, visit.account_id, deps.step.session_limits, visit.now)
    values = {
        "sessions": [_describe(found, visit) for found in live],
        "has_changed": request.args.get("changed") == "1",
    }
    return show(deps, visit, PAGE, values)


def _answer(deps: AccountDeps, visit: AccountVisit) -> Response:
    ended = _end(deps, visit, request.form.get("action", ""), request.form.get("session", ""))
    if not ended:
        return go_to(PATH)
    return go_on(deps, visit, PATH, confirmation.SESSIONS_ENDED)


def _end(deps: AccountDeps, visit: AccountVisit, action: str, session_id: str) -> int:
    """End one other session of this person, or all the others, and answer how many ended.

    Spec: ASVS5-7.5.2, ASVS5-7.4.3
    """
    with deps.step.database.transaction() as connection:
        if action == "end_others":
            ended = store.end_others(connection, visit.account_id, visit.session.session_id, visit.now)
        elif session_id != visit.session.session_id:
            ended = int(store.end_one(connection, visit.account_id, session_id, visit.now))
        else:
            ended = 0
        if ended:
            event = replace(event_of(visit, SESSIONS_ENDED), detail={"ended": str(ended)})
            deps.step.journal.record(connection, event)
    return ended


def _describe(found: Session, visit: AccountVisit) -> dict[str, object]:
    return {
        "id": found.session_id,
        "browser": found.browser,
        "is_this": found.session_id == visit.session.session_id,
        "since": found.created_at,
        "last_seen": found.last_seen_at,
        "methods": [METHODS[factor.method].words for factor in found.factors if factor.method in METHODS],
    }
