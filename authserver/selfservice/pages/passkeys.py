"""Adding a passkey."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from authserver.accounts import activities
from authserver.accounts.activities import note
from authserver.accounts.ceremonies import begin_registration, finish_registration
from authserver.accounts.passkey_model import parse_name
from authserver.accounts.passkey_tokens import Answer, Asked, Desk
from authserver.notices.model import PASSKEY_ADDED
from authserver.selfservice import done
from authserver.selfservice.guard import (
    AccountDeps,
    Visit,
    after_change,
    change,
    check_form,
    go_to,
    may_add_factor,
    next_path,
    open_visit,
    report,
    show,
    tell,
)
from authserver.selfservice.words import PASSKEY_DID_NOT_WORK
from authserver.sessions import lifecycle
from authserver.sessions.browsers import describe_browser

PAGE = "passkeys"
PATH = "/account/passkeys"


@dataclass(frozen=True, slots=True)
class PasskeysDeps:
    """What the page uses."""

    account: AccountDeps
    desk: Desk


def passkeys_page(deps: PasskeysDeps) -> Blueprint:
    """Return the page at `/account/passkeys`."""
    blueprint = Blueprint("account_passkeys", __name__)

    @blueprint.get(PATH)
    def ask() -> Response:
        visit = open_visit(deps.account, fresh=True)
        if not may_add_factor(deps.account, visit):
            return go_to("/account/methods")
        return _show(deps, visit)

    @blueprint.post(PATH)
    def answer() -> Response:
        visit = open_visit(deps.account, fresh=True)
        check_form(deps.account, visit)
        if not may_add_factor(deps.account, visit) or request.form.get("action") == "cancel":
            return go_to("/account/methods")
        return _register(deps, visit)

    return blueprint


def _register(deps: PasskeysDeps, visit: Visit) -> Response:
    """Store a verified passkey; the session rests on it from now on.

    Spec: WEBAUTHN-7.1, ASVS5-6.3.7
    """
    given = Answer(request.form.get("ceremony", ""), request.form.get("credential", ""))
    name = parse_name(request.form.get("name", "")) or describe_browser(request.headers.get("User-Agent", ""))
    raised = None
    with change(deps.account, visit) as connection:
        made = finish_registration(connection, deps.desk, _asked(visit), given, visit.now, name=name)
        if made.passkey is not None:
            note(connection, visit.account_id, activities.PASSKEY_ADDED, visit.now, detail=made.passkey.name)
            tell(deps.account, connection, visit, PASSKEY_ADDED, made.passkey.name)
            limits = deps.account.step.session_limits
            raised = lifecycle.elevate(connection, visit.cookie, made.method, limits, visit.now)
    if made.passkey is None:
        return _show(deps, visit, error=PASSKEY_DID_NOT_WORK)
    report(deps.account, visit, PASSKEY_ADDED)
    cookie = raised[1] if raised else ""
    return after_change(deps.account, visit, next_path(visit), done.PASSKEY_ADDED, session_cookie=cookie)


def _asked(visit: Visit) -> Asked:
    return Asked("registration", visit.cookie, visit.account_id, verify_user=True)


def _show(deps: PasskeysDeps, visit: Visit, *, error: str = "") -> Response:
    with deps.account.step.database.read() as connection:
        ceremony = begin_registration(connection, deps.desk, _asked(visit), visit.account.username, visit.now)
    suggested = describe_browser(request.headers.get("User-Agent", ""))
    return show(deps.account, visit, PAGE, {"ceremony": ceremony, "suggested_name": suggested, "error": error})
