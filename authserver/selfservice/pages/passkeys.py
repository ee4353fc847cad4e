"""Adding a passkey."""

from flask import Blueprint, request

from authserver.accounts.factors.passkey.ceremonies import begin_registration, finish_registration
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies, CeremonyPurpose, CeremonyResponse
from authserver.accounts.factors.passkey.model import parse_name
from authserver.events.catalogue import PASSKEY_ADDED
from authserver.selfservice import confirmation
from authserver.selfservice.account_page import (
    AccountDeps,
    AccountPage,
    AccountVisit,
    account_pages,
    after_change,
    change,
    go_to,
    may_add_factor,
    next_path,
    record,
    show,
)
from authserver.selfservice.words import PASSKEY_DID_NOT_WORK
from authserver.sessions import lifecycle
from authserver.sessions.browsers import describe_browser
from authserver.values import Assembly
from authserver.web.pages.form_page import Reply, View

PAGE = "passkeys"
PATH = "/account/passkeys"


class PasskeysDeps(Assembly, frozen=True):
    """What the page uses."""

    account: AccountDeps
    ceremonies: Ceremonies


def passkeys_page(deps: PasskeysDeps) -> Blueprint:
    """Return the page at `/account/passkeys`."""
    page = AccountPage(
        PATH, lambda visit: _ask(deps, visit), answer=lambda visit: _answer(deps, visit), fresh_to_see=True
    )
    return account_pages(deps.account, "account_passkeys", page)


def _ask(deps: PasskeysDeps, visit: AccountVisit) -> Reply:
    return _show(deps, visit) if may_add_factor(deps.account, visit) else go_to("/account/methods")


def _answer(deps: PasskeysDeps, visit: AccountVisit) -> Reply:
    if not may_add_factor(deps.account, visit) or request.form.get("action") == "cancel":
        return go_to("/account/methods")
    return _register(deps, visit)


def _register(deps: PasskeysDeps, visit: AccountVisit) -> Reply:
    """Store a verified passkey; the session rests on it from now on.

    Spec: WEBAUTHN-7.1, ASVS5-6.3.7
    """
    given = CeremonyResponse(request.form.get("ceremony", ""), request.form.get("credential", ""))
    name = parse_name(request.form.get("name", "")) or describe_browser(request.headers.get("User-Agent", ""))
    raised = None
    with change(deps.account, visit) as connection:
        made = finish_registration(connection, deps.ceremonies, _asked(visit), given, visit.now, name=name)
        if made.passkey is not None:
            record(deps.account, connection, visit, PASSKEY_ADDED, made.passkey.name)
            limits = deps.account.step.session_limits
            raised = lifecycle.elevate(connection, visit.cookie, made.method, limits, visit.now)
    if made.passkey is None:
        return _show(deps, visit, error=PASSKEY_DID_NOT_WORK)
    cookie = raised[1] if raised else ""
    return after_change(deps.account, visit, next_path(visit), confirmation.PASSKEY_ADDED, session_cookie=cookie)


def _asked(visit: AccountVisit) -> CeremonyPurpose:
    return CeremonyPurpose("registration", visit.cookie, visit.account_id, verify_user=True)


def _show(deps: PasskeysDeps, visit: AccountVisit, *, error: str = "") -> View:
    with deps.account.step.database.read() as connection:
        ceremony = begin_registration(connection, deps.ceremonies, _asked(visit), visit.account.username, visit.now)
    suggested = describe_browser(request.headers.get("User-Agent", ""))
    return show(deps.account, visit, PAGE, {"ceremony": ceremony, "suggested_name": suggested, "error": error})
