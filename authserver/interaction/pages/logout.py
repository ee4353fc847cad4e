"""Signing out of this server; asks first, so that no link elsewhere can do it."""

from flask import Blueprint, request

from authserver.events.catalogue import SIGN_OUT_DONE
from authserver.events.model import ANYONE, Event, person
from authserver.interaction.step import StepDeps, find_person
from authserver.sessions import lifecycle
from authserver.web.pages.cookies import SESSION_COOKIE, clear_cookie, read_cookie
from authserver.web.pages.flask_pages import correlation_id
from authserver.web.pages.form_page import FormBinding, FormPage, View, form_pages

PAGE = "logout"
ADDRESS_LIMIT = "account.address"


def logout_page(deps: StepDeps) -> Blueprint:
    """Return the page at `/logout`."""
    page = FormPage(
        "/logout",
        find=_session_cookie,
        bind=lambda cookie: FormBinding(cookie, PAGE),
        show=lambda cookie: _ask(deps, cookie),
        answer=lambda cookie: _end(deps, cookie),
    )
    return form_pages(deps, PAGE, page, limit=ADDRESS_LIMIT)


def _ask(deps: StepDeps, cookie: str) -> View:
    with deps.database.read() as connection:
        _, account = find_person(connection, cookie, deps.session_limits, deps.clock())
    return _signed_out() if account is None else View("interaction/sign_out.html", {"signed_in_as": account.username})


def _end(deps: StepDeps, cookie: str) -> View:
    now = deps.clock()
    with deps.database.transaction() as connection:
        _, account = find_person(connection, cookie, deps.session_limits, now)
        ended = lifecycle.end(connection, cookie or None, now)
        if ended:
            account_id = account.account_id if account else ""
            by = person(account_id) if account else ANYONE
            deps.journal.record(connection, Event(SIGN_OUT_DONE, now, by, account_id, correlation_id=correlation_id()))
    return _signed_out()


def _signed_out() -> View:
    return View("interaction/signed_out.html", {}, headers=(clear_cookie(SESSION_COOKIE),))


def _session_cookie() -> str:
    return read_cookie(request.headers.get("Cookie", ""), SESSION_COOKIE)
