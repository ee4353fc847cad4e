"""Signing out of this server; asks first, so that no link elsewhere can do it.

An app that asks for it is named, and the person goes back to it. It is not asked again where the app shows the ID token
of this very session: only it has that.
"""

import hmac

from flask import Blueprint, Response, request

from authserver.accounts.model import Account
from authserver.authorization.answers.query import add_to_query
from authserver.authorization.sign_out import PARAMETER, SignOutRequest, open_sign_out
from authserver.db.engine import Connection
from authserver.events.catalogue import SIGN_OUT_DONE
from authserver.events.model import ANYONE, Event, person
from authserver.interaction.step import StepDeps, find_person
from authserver.protocol.urls import SIGN_OUT
from authserver.sealing.envelope import Envelope
from authserver.sessions import lifecycle
from authserver.sessions.model import Session
from authserver.values import Assembly, Hidden, Value
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


class _Ended(Value, frozen=True):
    """What has ended: a session's public id and the clients that it served; of none, nothing."""

    session_id: str = ""
    client_ids: tuple[str, ...] = ()


class _Deps(Assembly, frozen=True):
    """What the page uses beside what every step does."""

    step: StepDeps
    envelope: Hidden[Envelope]
    issuer: str


def logout_page(step: StepDeps, envelope: Envelope, issuer: str) -> Blueprint:
    """Return the page at `/logout`.

    Spec: OIDC-RPINIT-2, OIDC-RPINIT-3
    """
    deps = _Deps(step, envelope, issuer)
    page = FormPage(
        SIGN_OUT,
        find=lambda: _find(deps),
        bind=lambda asked: FormBinding(asked.cookie, PAGE),
        show=lambda asked: _ask(deps, asked),
        answer=lambda asked: _end(deps, asked),
    )
    return form_pages(step, PAGE, page, limit=ADDRESS_LIMIT)


def _find(deps: _Deps) -> _Asked:
    sealed = request.args.get(PARAMETER)
    by_app = None if sealed is None else open_sign_out(deps.envelope, sealed, deps.step.clock())
    return _Asked(read_cookie(request.headers.get("Cookie", ""), SESSION_COOKIE), by_app)


def _ask(deps: _Deps, asked: _Asked) -> Reply:
    step, now = deps.step, deps.step.clock()
    ended = _Ended()
    with step.database.transaction() as connection:
        session, account = find_person(connection, asked.cookie, step.session_limits, now)
        is_asked = session is not None and account is not None and not _is_of(session, asked.by_app)
        if session is not None and not is_asked:
            ended = _end_session(deps, connection, asked.cookie, (session, account), now)
    if account is None or not is_asked:
        return _signed_out(deps, asked.by_app, ended)
    values = {"signed_in_as": account.username, "app_name": _name(step, asked.by_app)}
    leads_on = asked.by_app is not None and asked.by_app.redirect_uri is not None
    return View("interaction/sign_out.html", values, forms_stay=not leads_on)


def _end(deps: _Deps, asked: _Asked) -> Reply:
    now = deps.step.clock()
    with deps.step.database.transaction() as connection:
        whose = find_person(connection, asked.cookie, deps.step.session_limits, now)
        ended = _end_session(deps, connection, asked.cookie, whose, now)
    return _signed_out(deps, asked.by_app, ended)


def _end_session(
    deps: _Deps, connection: Connection, cookie: str, whose: tuple[Session | None, Account | None], now: int
) -> _Ended:
    """End the session of a cookie, also one that is over or whose account is locked; return whom it served."""
    session, account = whose
    served = tuple(lifecycle.find_served(connection, session)) if session is not None else ()
    if not lifecycle.end(connection, cookie or None, now):
        return _Ended()
    account_id = account.account_id if account else ""
    by = person(account_id) if account else ANYONE
    event = Event(SIGN_OUT_DONE, now, by, account_id, correlation_id=correlation_id())
    deps.step.journal.record(connection, event)
    return _Ended(session.session_id if session is not None else "", served)


def _is_of(session: Session, by_app: SignOutRequest | None) -> bool:
    """Return whether an app asks that has the ID token of this session.

    Spec: OIDC-RPINIT-2
    """
    known = by_app.session_id if by_app is not None else None
    return known is not None and hmac.compare_digest(known, session.session_id)


def _name(deps: StepDeps, by_app: SignOutRequest | None) -> str:
    client = deps.find_client(by_app.client_id) if by_app is not None and by_app.client_id is not None else None
    return "" if client is None else client.client_name


def _signed_out(deps: _Deps, by_app: SignOutRequest | None, ended: _Ended) -> View | Response:
    """Return the way back to the app, or the page that says that nobody is signed in here.

    That page also comes first where apps are to sign the person out in frames of it, and then leads on by itself.

    Spec: OIDC-RPINIT-3, OIDCFCL-3
    """
    cleared = (clear_cookie(SESSION_COOKIE),)
    answer = by_app.answer() if by_app is not None else None
    frames = _frames(deps, ended)
    if answer is not None and not frames:
        return to_flask(see_other(answer, headers=cleared))
    values: dict[str, object] = {"frames": frames, "leads_to": answer or "", "app_name": _name(deps.step, by_app)}
    if frames:  # in another language the page would be asked for anew, and the frames lost
        values["languages"] = ()
    return View("interaction/signed_out.html", values, headers=cleared)


def _frames(deps: _Deps, ended: _Ended) -> tuple[str, ...]:
    """Return the addresses that the clients of a session that has ended registered, with the issuer and the session.

    Spec: OIDCFCL-2, OIDCFCL-3
    """
    clients = map(deps.step.find_client, ended.client_ids)
    uris = (client.logout_uris.frontchannel for client in clients if client is not None)
    told = {"iss": deps.issuer, "sid": ended.session_id}
    return tuple(dict.fromkeys(add_to_query(uri, told) for uri in uris if uri is not None))
