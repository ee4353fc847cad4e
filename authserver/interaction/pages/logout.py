"""Signing out of this server; asks first, so that no link elsewhere can do it."""

from flask import Blueprint, Response, request

from authserver.accounts.activities import SIGNED_OUT, note
from authserver.events.catalogue import SIGN_OUT_DONE
from authserver.events.model import Event
from authserver.interaction.guard import StepDeps, find_person
from authserver.sessions import lifecycle
from authserver.web.pages.cookies import SESSION_COOKIE, clear_cookie, read_cookie
from authserver.web.pages.csrf import FIELD
from authserver.web.pages.flask_pages import correlation_id, sender_headers, to_flask

PAGE = "logout"
ADDRESS_LIMIT = "account.address"


def logout_page(deps: StepDeps) -> Blueprint:
    """Return the page at `/logout`."""
    blueprint = Blueprint(PAGE, __name__)
    deps.limits.guard(blueprint, ADDRESS_LIMIT, deps.address)

    @blueprint.get("/logout")
    def ask() -> Response:
        cookie = _session_cookie()
        with deps.database.read() as connection:
            _, account = find_person(connection, cookie, deps.session_limits, deps.clock())
        if account is None:
            return _say_signed_out(deps)
        values = {
            "csrf_token": deps.csrf.token(cookie, PAGE),
            "signed_in_as": account.username,
            "correlation_id": correlation_id(),
        }
        return to_flask(deps.pages.render("interaction/sign_out.html", values))

    @blueprint.post("/logout")
    def answer() -> Response:
        cookie = _session_cookie()
        deps.csrf.check(request.form.get(FIELD, ""), cookie, PAGE, sender_headers())
        _end(deps, cookie)
        return _say_signed_out(deps)

    return blueprint


def _end(deps: StepDeps, cookie: str) -> None:
    now = deps.clock()
    with deps.database.transaction() as connection:
        _, account = find_person(connection, cookie, deps.session_limits, now)
        ended = lifecycle.end(connection, cookie or None, now)
        if ended and account is not None:
            note(connection, account.account_id, SIGNED_OUT, now)
    if ended:
        deps.events(Event(SIGN_OUT_DONE, now, correlation_id(), subject=account.account_id if account else ""))


def _say_signed_out(deps: StepDeps) -> Response:
    values = {"correlation_id": correlation_id()}
    return to_flask(deps.pages.render("interaction/signed_out.html", values, headers=(clear_cookie(SESSION_COOKIE),)))


def _session_cookie() -> str:
    return read_cookie(request.headers.get("Cookie", ""), SESSION_COOKIE)
