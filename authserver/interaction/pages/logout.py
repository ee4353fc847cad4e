"""Signing out of this server; asks first, so that no link elsewhere can do it.

An app that asks for it is named, and the person goes back to it. It is not asked again where the app shows the ID token
of this very session: only it has that.
"""

import hmac

from flask import Blueprint, Response, request

from authserver.accounts.model import Account
from authserver.authorization.sign_out import PARAMETER, SignOutRequest, open_sign_out
from authserver.db.engine import Connection
from authserver.events.catalogue import SIGN_OUT_DONE
from authserver.events.model import ANYONE, Event, person
from authserver.interaction.step import StepDeps, find_person
from authserver.protocol.urls import SIGN_OUT
from authserver.sealing.envelope import Envelope
from authserver.sessions import lifecycle
from authserver.sessions.model import Session
from authserver.values import Hidden, Value
from authserver.web.machine.responses import see_other
from authserver.web.pages.cookies import SESSION_COOKIE, clear_cookie, read_cookie
from authserver.web.pages.flask_pages import correlation_id, to_flask
from authserver.web.pages.form_page import FormBinding, FormPage, Reply, View, form_pages

PAGE = "logout"
ADDRESS_LIMIT = "account.address"


class _Asked(Value, frozen=True):
    """A browser's session cookie, and what an app asks for, if one does."""

    cookie: Hidden[str]
    by_app: SignOutRequest | None


def logout_page(deps: StepDeps, envelope: Envelope) -> Blueprint:
    """Return the page at `/logout`.

    Spec: OIDC-RPINIT-2, OIDC-RPINIT-3
    """
    page = FormPage(
        SIGN_OUT,
        find=lambda: _find(deps, envelope),
        bind=lambda asked: FormBinding(asked.cookie, PAGE),
        show=lambda asked: _ask(deps, asked),
        answer=lambda asked: _end(deps, asked),
    )
    return form_pages(deps, PAGE, page, limit=ADDRESS_LIMIT)


def _find(deps: StepDeps, envelope: Envelope) -> _Asked:
    sealed = request.args.get(PARAMETER)
    by_app = None if sealed is None else open_sign_out(envelope, sealed, deps.clock())
    return _Asked(read_cookie(request.headers.get("Cookie", ""), SESSION_COOKIE), by_app)


def _ask(deps: StepDeps, asked: _Asked) -> Reply:
    now = deps.clock()
    with deps.database.transaction() as connection:
        session, account = find_person(connection, asked.cookie, deps.session_limits, now)
        if session is None or account is None or _is_of(session, asked.by_app):
            if account is not None:
                _end_session(deps, connection, asked.cookie, account, now)
            return _signed_out(asked.by_app)
    values = {"signed_in_as": account.username, "app_name": _name(deps, asked.by_app)}
    leads_on = asked.by_app is not None and asked.by_app.redirect_uri is not None
    return View("interaction/sign_out.html", values, forms_stay=not leads_on)


def _end(deps: StepDeps, asked: _Asked) -> Reply:
    now = deps.clock()
    with deps.database.transaction() as connection:
        _, account = find_person(connection, asked.cookie, deps.session_limits, now)
        _end_session(deps, connection, asked.cookie, account, now)
    return _signed_out(asked.by_app)


def _end_session(deps: StepDeps, connection: Connection, cookie: str, account: Account | None, now: int) -> None:
    if lifecycle.end(connection, cookie or None, now):
        account_id = account.account_id if account else ""
        by = person(account_id) if account else ANYONE
        deps.journal.record(connection, Event(SIGN_OUT_DONE, now, by, account_id, correlation_id=correlation_id()))


def _is_of(session: Session, by_app: SignOutRequest | None) -> bool:
    """Return whether an app asks that has the ID token of this session.

    Spec: OIDC-RPINIT-2
    """
    known = by_app.session_id if by_app is not None else None
    return known is not None and hmac.compare_digest(known, session.session_id)


def _name(deps: StepDeps, by_app: SignOutRequest | None) -> str:
    client = deps.find_client(by_app.client_id) if by_app is not None and by_app.client_id is not None else None
    return "" if client is None else client.client_name


def _signed_out(by_app: SignOutRequest | None) -> View | Response:
    """Return the way back to the app, or the page that says that nobody is signed in here.

    Spec: OIDC-RPINIT-3
    """
    cleared = (clear_cookie(SESSION_COOKIE),)
    answer = by_app.answer() if by_app is not None else None
    if answer is not None:
        return to_flask(see_other(answer, headers=cleared))
    return View("interaction/signed_out.html", {}, headers=cleared)
