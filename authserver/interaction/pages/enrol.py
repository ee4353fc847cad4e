"""Adding the first factor beside a password: where a request needs one, and where a passkey is offered, once."""

import os
from collections.abc import Callable
from urllib.parse import quote

from flask import Blueprint, Response, request

from authserver.accounts.factors.passkey.ceremonies import begin_registration, finish_registration
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies, CeremonyPurpose, CeremonyResponse
from authserver.accounts.factors.password.factor import PASSWORD_METHOD
from authserver.accounts.factors.recovery.codes import new_codes, replace_codes
from authserver.accounts.factors.store import find_enrolled, note_offered
from authserver.accounts.factors.totp.enrolment import Proposal, confirm_generator, propose_generator, read_proposal
from authserver.accounts.factors.totp.factor import TOTP_METHOD
from authserver.accounts.model import Account
from authserver.accounts.store.people import hold_account
from authserver.clock import CLOCKS_APART_SECONDS, is_fresh
from authserver.db.engine import Connection
from authserver.events.catalogue import GENERATOR_ADDED, PASSKEY_ADDED, RECOVERY_CODES_MADE
from authserver.interaction.step import (
    DID_NOT_WORK,
    Step,
    StepDeps,
    event_of,
    find_person,
    go_on,
    refuse,
    show,
)
from authserver.interaction.step_page import SignedIn, StepPage, find_signed_in, step_page
from authserver.interaction.totp_qr_code import draw_generator
from authserver.protocol.errors import UnmetAuthenticationRequirements
from authserver.protocol.names import ACR_PHISHING_RESISTANT
from authserver.sealing.envelope import Envelope
from authserver.sessions import lifecycle
from authserver.sessions.browsers import describe_browser
from authserver.values import Assembly, Hidden, replace
from authserver.web.machine.responses import see_other
from authserver.web.pages.cookies import SESSION_COOKIE, set_cookie
from authserver.web.pages.flask_pages import to_flask
from authserver.web.pages.form_page import Reply, View, form_pages

PAGE = "enrol"
DONE_PAGE = "enrolled"
NOT_POSSIBLE_PAGE = "second_factor_needed"
PATH = "/enrol"
OFFER_PAGE = "offer"
OFFER_PATH = "/login/passkey/offer"
ADDRESS_LIMIT = "second_factor.address"
FRESH_SECONDS = 300

Added = tuple[str, str] | None
"""The method of a factor that was just added and proved, and what the person calls it; None where none was."""


class EnrolDeps(Assembly, frozen=True):
    """What the page uses; `by_password` says whether a fresh password lets a person add their first factor."""

    step: StepDeps
    ceremonies: Ceremonies
    site_name: str
    by_password: bool
    envelope: Hidden[Envelope]


def enrol_page(deps: EnrolDeps) -> Blueprint:
    """Return the pages at `/enrol` and `/login/passkey/offer`."""
    enrolment = StepPage(
        PATH,
        find=_find_who_lacks_a_factor,
        show=lambda found: _ask(deps, found.step, found.account),
        answer=lambda found: _answer(deps, found.step, found.account),
        cancel=lambda found: refuse(deps.step, found.step, UnmetAuthenticationRequirements.code),
    )
    offer = StepPage(
        OFFER_PATH,
        find=_find_who_lacks_a_factor,
        show=lambda found: _ask_offer(deps, found.step, found.account),
        answer=lambda found: _answer_offer(deps, found.step, found.account),
    )
    pages = (step_page(deps.step, enrolment), step_page(deps.step, offer))
    return form_pages(deps.step, PAGE, *pages, limit=ADDRESS_LIMIT)


def _answer(deps: EnrolDeps, step: Step, account: Account) -> Reply:
    if not deps.by_password:
        return refuse(deps.step, step, UnmetAuthenticationRequirements.code)
    return _enrol(deps, step, account) if _has_fresh_password(step) else _to_sign_in(step)


def _ask_offer(deps: EnrolDeps, step: Step, account: Account) -> Reply:
    is_possible = deps.by_password and _has_fresh_password(step)
    return _show_offer(deps, step, account) if is_possible else go_on(step)


def _answer_offer(deps: EnrolDeps, step: Step, account: Account) -> Reply:
    """Keep the answer, whatever it is, so that nobody is asked twice; a passkey that fails may be tried again."""
    with deps.step.database.transaction() as connection:
        note_offered(connection, account.account_id, step.now)
    if request.form.get("action") != "passkey" or not deps.by_password or not _has_fresh_password(step):
        return go_on(step)
    return _add(deps, step, account, lambda connection: _register(connection, deps, step, account))


def _ask(deps: EnrolDeps, step: Step, account: Account) -> Reply:
    if not deps.by_password:
        return show(deps.step, step, NOT_POSSIBLE_PAGE, {})
    if not _has_fresh_password(step):
        return _to_sign_in(step)
    return _show(deps, step, account, _propose(deps, step, account))


def _find_who_lacks_a_factor(step: Step) -> SignedIn | None:
    return None if step.enrolled.has_second_factor else find_signed_in(step)


def _has_fresh_password(step: Step) -> bool:
    """Return whether the password was typed just now: it alone vouches for what is added.

    Spec: RTS-SCA-24.2
    """
    factors = step.session.factors if step.session else ()
    typed_at = (factor.at for factor in factors if factor.method == PASSWORD_METHOD)
    return any(is_fresh(at, FRESH_SECONDS, step.now, ahead_seconds=CLOCKS_APART_SECONDS) for at in typed_at)


def _takes_passkey_alone(step: Step) -> bool:
    """Return whether a code would not do: who added a generator here would be refused all the same, for good.

    Spec: RFC9470-5
    """
    return step.interaction.request.demand.acr == ACR_PHISHING_RESISTANT


def _to_sign_in(step: Step) -> Response:
    return to_flask(see_other(f"/login?interaction={quote(step.interaction_id, safe='')}"))


def _propose(deps: EnrolDeps, step: Step, account: Account) -> Proposal:
    return propose_generator(deps.envelope, account.account_id, os.urandom, step.now)


def _enrol(deps: EnrolDeps, step: Step, account: Account) -> Reply:
    if request.form.get("action") == "passkey":
        return _add(deps, step, account, lambda connection: _register(connection, deps, step, account))
    if _takes_passkey_alone(step):
        return _show(deps, step, account, _propose(deps, step, account), error=DID_NOT_WORK)
    proposal = read_proposal(deps.envelope, account.account_id, request.form.get("ticket", ""), step.now)
    if proposal is None:
        return _show(deps, step, account, _propose(deps, step, account), error=DID_NOT_WORK)
    typed = request.form.get("totp", "")

    def confirm(connection: Connection) -> Added:
        is_right = confirm_generator(connection, deps.envelope, account.account_id, proposal, typed, step.now)
        return (TOTP_METHOD, "") if is_right else None

    return _add(deps, step, account, confirm, proposal)


def _register(connection: Connection, deps: EnrolDeps, step: Step, account: Account) -> Added:
    given = CeremonyResponse(request.form.get("ceremony", ""), request.form.get("credential", ""))
    name = describe_browser(request.headers.get("User-Agent", ""))
    made = finish_registration(connection, deps.ceremonies, _asked(step, account), given, step.now, name=name)
    return (made.method, made.passkey.name) if made.passkey is not None else None


def _add(
    deps: EnrolDeps,
    step: Step,
    account: Account,
    act: Callable[[Connection], Added],
    proposal: Proposal | None = None,
) -> Reply:
    """Add a factor unless another page has just done so, rest the session on it, and show the recovery codes once.

    Spec: ASVS5-6.3.7, ASVS5-6.5.3
    """
    codes, raised, added = new_codes(os.urandom), None, None
    with deps.step.database.transaction() as connection:
        hold_account(connection, account.account_id)
        _, still_here = find_person(connection, step.session_cookie, deps.step.session_limits, step.now)
        if still_here is None or find_enrolled(connection, account.account_id).has_second_factor:
            return go_on(step)
        added = act(connection)
        if added is not None:
            replace_codes(connection, account.account_id, codes, step.now)
            kind = GENERATOR_ADDED if added[0] == TOTP_METHOD else PASSKEY_ADDED
            deps.step.journal.record(connection, event_of(step, kind, account.account_id, thing=added[1]))
            made = replace(event_of(step, RECOVERY_CODES_MADE, account.account_id), is_quiet=True)
            deps.step.journal.record(connection, made)
            raised = lifecycle.elevate(connection, step.session_cookie, added[0], deps.step.session_limits, step.now)
    if added is None and request.path == OFFER_PATH:
        return _show_offer(deps, step, account, error=DID_NOT_WORK)
    if added is None:
        return _show(deps, step, account, proposal or _propose(deps, step, account), error=DID_NOT_WORK)
    headers = (set_cookie(SESSION_COOKIE, raised[1]),) if raised is not None else ()
    values = {"codes": codes, "address": go_on(step).headers["Location"]}
    return show(deps.step, step, DONE_PAGE, values, headers=headers)


def _asked(step: Step, account: Account) -> CeremonyPurpose:
    return CeremonyPurpose("enrol", step.browser, account.account_id, verify_user=True)


def _show_offer(deps: EnrolDeps, step: Step, account: Account, *, error: str = "") -> View:
    with deps.step.database.read() as connection:
        ceremony = begin_registration(connection, deps.ceremonies, _asked(step, account), account.username, step.now)
    return show(deps.step, step, OFFER_PAGE, {"ceremony": ceremony, "error": error})


def _show(deps: EnrolDeps, step: Step, account: Account, proposal: Proposal, *, error: str = "") -> View:
    with deps.step.database.read() as connection:
        ceremony = begin_registration(connection, deps.ceremonies, _asked(step, account), account.username, step.now)
    values = {
        "picture": draw_generator(proposal.seed, username=account.username, issuer_name=deps.site_name),
        "ticket": proposal.ticket,
        "ceremony": ceremony,
        "passkey_only": _takes_passkey_alone(step),
        "error": error,
    }
    return show(deps.step, step, PAGE, values)
