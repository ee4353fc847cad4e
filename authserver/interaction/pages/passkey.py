"""Proving oneself with a passkey: as the factor that is missing, or alone, by whoever has one."""

from functools import partial

from flask import Blueprint, Response, request

from authserver.accounts.factors.passkey.ceremonies import AssertionResult, begin_assertion, owner_key
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies, CeremonyPurpose, CeremonyResponse
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.store import find_enrolled
from authserver.authorization.next_step import needs_verified_user, ways
from authserver.db.engine import Connection
from authserver.events.catalogue import SECOND_FACTOR_FAILED, SECOND_FACTOR_SUCCEEDED, SIGN_IN_FAILED, SIGN_IN_SUCCEEDED
from authserver.events.model import Kind
from authserver.interaction.attempt import BLOCKED, AttemptResult, proved_all, verify_attempt
from authserver.interaction.cloned_passkey import prove
from authserver.interaction.passkey_offer import SIGN_IN_PATH, offer_passkey, sign_in_asked
from authserver.interaction.second_factor import other_ways
from authserver.interaction.step import (
    Step,
    StepDeps,
    event_of,
    go_on,
    refuse,
    show,
    this_browser,
    with_browser,
)
from authserver.interaction.step_page import SignedIn, StepPage, find_live, find_signed_in, step_page
from authserver.protocol.assurance import satisfies
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.sessions import lifecycle
from authserver.sessions.acr import acr_for
from authserver.sessions.model import Session
from authserver.values import Assembly, Value
from authserver.web.pages.form_page import Reply, View, form_pages

PAGE = "passkey"
PATH = "/login/passkey"
SIGN_IN_LIMIT = "sign_in.address"
SECOND_FACTOR_LIMIT = "second_factor.address"


class PasskeyDeps(Assembly, frozen=True):
    """What the passkey's pages use; a person is told of a passkey that these close."""

    step: StepDeps
    ceremonies: Ceremonies


class _Proved(Value, frozen=True):
    """A verified passkey and the session that rests on it, which is None where it ended meanwhile."""

    assertion: AssertionResult
    session: tuple[Session, str] | None = None

    def __bool__(self) -> bool:
        return bool(self.assertion)


def passkey_pages(deps: PasskeyDeps) -> tuple[Blueprint, Blueprint]:
    """Return the page at `/login/passkey`, and below it the one for whoever signs in by a passkey alone."""
    second_factor = StepPage(
        PATH,
        find=find_signed_in,
        show=lambda found: _show(deps, found, {}),
        answer=lambda found: _answer_second_factor(deps, found),
        cancel=lambda found: refuse(deps.step, found.step),
    )
    sign_in = StepPage(
        SIGN_IN_PATH,
        find=find_live,
        show=lambda step: _show_sign_in(deps, step, {}),
        answer=lambda step: _answer_sign_in(deps, step),
        cancel=lambda step: refuse(deps.step, step),
    )
    return (
        form_pages(deps.step, PAGE, step_page(deps.step, second_factor), limit=SECOND_FACTOR_LIMIT),
        form_pages(deps.step, f"{PAGE}_sign_in", step_page(deps.step, sign_in), limit=SIGN_IN_LIMIT),
    )


def _answer_second_factor(deps: PasskeyDeps, found: SignedIn) -> Reply:
    step, account_id = found.step, found.account.account_id
    tried = verify_attempt(deps.step.attempts, account_id, step.now, partial(_raise, deps, found))
    if tried.value is None or not tried.value:
        _report_failure(deps, step, SECOND_FACTOR_FAILED, tried, account_id)
        return _show(deps, found, tried.problem())
    return _finish(deps, step, tried)


def _answer_sign_in(deps: PasskeyDeps, step: Step) -> Reply:
    with deps.step.database.read() as connection:
        key = owner_key(connection, _answer().credential)
    tried = verify_attempt(deps.step.attempts, key, step.now, partial(_start, deps, step), proves_all=True)
    if tried.value is None or not tried.value:
        _report_failure(deps, step, SIGN_IN_FAILED, tried, "")
        return _show_sign_in(deps, step, tried.problem())
    return _finish(deps, step, tried)


def _raise(deps: PasskeyDeps, found: SignedIn) -> _Proved:
    """Verify a passkey of the person who is signed in and add it to the session, in one transaction.

    Spec: RTS-SCA-4.1, RFC9470-5
    """
    step, limits = found.step, deps.step.session_limits
    with deps.step.database.transaction() as connection:
        proof = prove(connection, deps.ceremonies, _asked(found), _answer(), step.now)
        if not proof:
            return _Proved(proof)
        _record(connection, deps, step, SECOND_FACTOR_SUCCEEDED, proof)
        return _Proved(proof, lifecycle.elevate(connection, step.session_cookie, proof.method, limits, step.now))


def _start(deps: PasskeyDeps, step: Step) -> _Proved:
    """Verify anyone's passkey and begin their session, in one transaction.

    Spec: RTS-SCA-4.1, ASVS5-7.2.4
    """
    limits = deps.step.session_limits
    with deps.step.database.transaction() as connection:
        proof = prove(connection, deps.ceremonies, sign_in_asked(step), _answer(), step.now)
        if not proof:
            return _Proved(proof)
        begun = lifecycle.start(connection, proof.account_id, proof.method, limits, step.now, this_browser())
        _record(connection, deps, step, SIGN_IN_SUCCEEDED, proof)
        return _Proved(proof, begun)


def _record(connection: Connection, deps: PasskeyDeps, step: Step, kind: Kind, proof: AssertionResult) -> None:
    method = proof.method
    event = event_of(step, kind, proof.account_id, {"method": method}, with_browser(method))
    deps.step.journal.record(connection, event)


def _finish(deps: PasskeyDeps, step: Step, tried: AttemptResult[_Proved]) -> Response:
    proved = tried.value
    if proved is None or proved.session is None:
        return go_on(step)
    account_id = proved.assertion.account_id
    session, cookie = proved.session
    device = ""
    if satisfies(acr_for(session.factors), ACR_TWO_FACTORS):
        device = proved_all(deps.step.attempts, tried.attempt, account_id, step.now)
    return go_on(step, session_cookie=cookie, device_cookie=device)


def _report_failure(deps: PasskeyDeps, step: Step, kind: Kind, tried: AttemptResult[_Proved], account_id: str) -> None:
    proof = tried.value.assertion if tried.value is not None else AssertionResult(BLOCKED)
    detail = {"method": PAGE, "outcome": proof.outcome, **({"reason": proof.reason} if proof.reason else {})}
    deps.step.journal.tell(event_of(step, kind, proof.account_id or account_id, detail))


def _show(deps: PasskeyDeps, found: SignedIn, problem: dict[str, object]) -> Reply:
    """Show the page, or go on where the person has no passkey: then another step is next.

    Where the try itself closed the last one, the person is told so first.
    """
    step = found.step
    with deps.step.database.read() as connection:
        ceremony = begin_assertion(connection, deps.ceremonies, _asked(found), step.now)
        enrolled = find_enrolled(connection, found.account.account_id)
    if not (ceremony.usable or problem):
        return go_on(step)
    reaching = ways(found.session, enrolled, step.interaction.request.demand.acr)
    others = other_ways(step, reaching, PASSKEY)
    return show(deps.step, step, PAGE, {"passkey": ceremony, "signing_in": False, **others, **problem})


def _show_sign_in(deps: PasskeyDeps, step: Step, problem: dict[str, object]) -> View:
    others = other_ways(step, (PASSWORD,), PASSKEY)
    offer = offer_passkey(deps.ceremonies, step)
    return show(deps.step, step, PAGE, {"signing_in": True, "step_number": 1, **others, **offer, **problem})


def _asked(found: SignedIn) -> CeremonyPurpose:
    verify_user = needs_verified_user(found.session, found.step.interaction.request.demand.acr)
    return CeremonyPurpose("second_factor", found.step.browser, found.account.account_id, verify_user)


def _answer() -> CeremonyResponse:
    return CeremonyResponse(request.form.get("ceremony", ""), request.form.get("credential", ""))
