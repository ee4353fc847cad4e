"""Approving a payment: the person sees exactly what they agree to, and proves themselves for that alone."""

import hmac
from collections.abc import Mapping
from decimal import Decimal

from flask import Blueprint, request

from authserver.accounts.factors.passkey.ceremonies import AssertionResult, begin_assertion
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies, CeremonyPurpose, CeremonyResponse
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.totp.credential import check_totp
from authserver.accounts.factors.totp.factor import TOTP, TOTP_METHOD
from authserver.accounts.model import Account
from authserver.authorization.next_step import NextStep, Situation, next_step, ways
from authserver.banking.own_accounts import AccountsOf
from authserver.banking.payer_choice import Payer, choose_payer
from authserver.banking.text import LANGUAGES
from authserver.banking.unlinked import may_be_unlinked
from authserver.db.engine import Connection
from authserver.events.catalogue import PAYMENT_APPROVAL_FAILED, PAYMENT_DENIED, PAYMENT_VOIDED
from authserver.events.model import Event, Kind
from authserver.interaction.attempt import BLOCKED, proved_all, verify_attempt
from authserver.interaction.cloned_passkey import prove
from authserver.interaction.payment_approval import (
    ApprovalResult,
    ApprovalTerms,
    InteractionOver,
    assertion_of,
    is_nothing_but_a_payment,
    record_approval,
)
from authserver.interaction.pending_approval import (
    ApprovalStale,
    ApprovalVoid,
    PendingApproval,
    begin_approval,
    reopen_approval,
    seal_approval,
)
from authserver.interaction.step import Step, StepDeps, event_of, go_on, refuse, show
from authserver.interaction.step_page import StepPage, step_page
from authserver.messages import Message
from authserver.protocol.assurance import satisfies
from authserver.protocol.details.model import Detail
from authserver.protocol.details.registry import actions_of, is_single_use, is_to_pay, last_moment
from authserver.protocol.errors import InvalidRequest, OAuthError, UnmetAuthenticationRequirements
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.sealing.envelope import Envelope
from authserver.sessions.acr import acr_for
from authserver.sessions.model import Session
from authserver.values import Assembly, Hidden, Value
from authserver.web.pages.form_page import Reply, View, form_pages
from authserver.web.pages.i18n import current_language

PAGE = "approve"
_STEPS_WITH_PERMISSION = 3
ADDRESS_LIMIT = "consent.address"
TOO_LATE = Message("This page was open for too long. Check the payment and confirm it again.")


class ApproveDeps(Assembly, frozen=True):
    """What the approval page uses; `unlinked_limits` is up to what amount a one-time code suffices, by currency.

    `accounts_of` tells which accounts a person has at the bank.
    """

    step: StepDeps
    accounts_of: AccountsOf
    approving: ApprovalTerms
    ceremonies: Ceremonies
    unlinked_limits: Mapping[str, Decimal]
    envelope: Hidden[Envelope]


class _Open(Value, frozen=True):
    """A step whose payment waits, with the account that may approve it and the ways it has, the best first."""

    step: Step
    account: Account
    payer: Payer
    ways: tuple[str, ...]

    @property
    def payment(self) -> Detail:
        """Return the payment, with the account that it is made from."""
        return self.payer.payment

    @property
    def way(self) -> str:
        """Return the way chosen in the address where the account has it, else the best, else nothing."""
        chosen = request.args.get("way", "")
        return chosen if chosen in self.ways else next(iter(self.ways), "")


def approve_page(deps: ApproveDeps) -> Blueprint:
    """Return the page at `/approve`."""
    page = StepPage(
        "/approve",
        find=lambda step: _find_open(deps, step),
        show=lambda found: _show(deps, found),
        answer=lambda found: _decide(deps, found, request.form.get("decision", "")),
        for_account=True,
    )
    return form_pages(deps.step, PAGE, step_page(deps.step, page), limit=ADDRESS_LIMIT)


def _decide(deps: ApproveDeps, found: _Open, decision: str) -> Reply:
    if decision in {"deny", "cancel"}:
        lacks_way = not found.ways and not found.payer.is_strangers and decision == "cancel"
        error = UnmetAuthenticationRequirements.code if lacks_way else "access_denied"
        return refuse(deps.step, found.step, error, event=_event(found, PAYMENT_DENIED))
    if decision != "approve" or not found.ways:
        raise InvalidRequest("Choose to confirm the payment or not.", clause="RTS-SCA-5.1")
    try:
        pending = reopen_approval(deps.envelope, found.step, request.form.get("approval", ""), found.payment)
    except ApprovalStale:
        return _show(deps, found, {"error": TOO_LATE})
    except ApprovalVoid as error:
        return refuse(deps.step, found.step, event=_event(found, PAYMENT_VOIDED, {"reason": str(error)}))
    return _approve(deps, found, pending)


def _approve(deps: ApproveDeps, found: _Open, pending: PendingApproval) -> Reply:
    """Verify the proof that goes with the payment, and record it.

    Spec: RTS-SCA-4.1, RTS-SCA-4.3, RTS-SCA-5.1
    """
    step, account_id, way = found.step, found.account.account_id, found.way
    try:
        tried = verify_attempt(deps.step.attempts, account_id, step.now, lambda: _prove(deps, found, pending))
    except InteractionOver:
        return go_on(step)
    if tried.value is None:
        detail = {"method": way, "outcome": BLOCKED if tried.is_blocked else "refused"}
        deps.step.journal.tell(_event(found, PAYMENT_APPROVAL_FAILED, detail))
        return _show(deps, found, tried.problem())
    is_strong = _is_strong(tried.value.session)
    device = proved_all(deps.step.attempts, tried.attempt, account_id, step.now) if is_strong else ""
    return go_on(step, session_cookie=tried.value.session_cookie, device_cookie=device)


def _event(found: _Open, kind: Kind, detail: Mapping[str, str] | None = None) -> Event:
    return event_of(found.step, kind, found.account.account_id, detail)


def _find_open(deps: ApproveDeps, step: Step) -> _Open | None:
    """Return the step where approving its payment is what comes next, else nothing.

    A sign-in some minutes ago is no approval, however strong it was: only one of this payment is.

    Spec: RTS-SCA-5.1
    """
    payment = step.interaction.request.payment
    if step.is_over or step.session is None or step.account is None or payment is None:
        return None
    situation = Situation(step.interaction, step.session, step.visit.visitor.session_hash, (), step.enrolled)
    try:
        if next_step(situation) is not NextStep.APPROVE:
            return None
    except OAuthError:
        return None
    payer = choose_payer(payment, deps.accounts_of(step.account), request.args.get("account", ""))
    ways = () if payer.is_strangers else _ways(deps, situation, step.session, payment)
    return _Open(step, step.account, payer, ways)


def _ways(deps: ApproveDeps, situation: Situation, session: Session, payment: Detail) -> tuple[str, ...]:
    """Return what may approve this payment: a passkey any, a one-time code a small one.

    Spec: RTS-SCA-5.1, RTS-SCA-16.1
    """
    enrolled, acr = situation.enrolled, situation.request.demand.acr
    reaches = _suffices(session, acr) or TOTP in ways(session, enrolled, acr)
    by_code = enrolled.has(TOTP) and reaches and may_be_unlinked(payment, deps.unlinked_limits)
    return tuple(way for way, is_open in ((PASSKEY.name, enrolled.has(PASSKEY)), (TOTP_METHOD, by_code)) if is_open)


def _prove(deps: ApproveDeps, found: _Open, pending: PendingApproval) -> ApprovalResult | None:
    """Verify and record in one transaction; what was spent on a refusal stays spent."""
    if found.way == PASSKEY.name:
        return _by_passkey(deps, found, pending)
    with deps.step.database.transaction() as connection:
        code = request.form.get("totp", "")
        if not check_totp(connection, deps.envelope, found.account.account_id, code, found.step.now):
            return None
        return record_approval(connection, deps.approving, found.step, pending, TOTP_METHOD, None)


def _by_passkey(deps: ApproveDeps, found: _Open, pending: PendingApproval) -> ApprovalResult | None:
    """Verify that a passkey signed this very showing of the payment, with its user verified.

    Spec: RTS-SCA-5.1, WEBAUTHN-7.2
    """
    answer = CeremonyResponse(request.form.get("ceremony", ""), request.form.get("credential", ""))
    with deps.step.database.transaction() as connection:
        proof = prove(connection, deps.ceremonies, _asked(found), answer, found.step.now)
        return _record(connection, deps, found, pending, proof)


def _record(
    connection: Connection, deps: ApproveDeps, found: _Open, pending: PendingApproval, proof: AssertionResult
) -> ApprovalResult | None:
    assertion = assertion_of(proof, deps.ceremonies.relying_party)
    if not proof or proof.evidence is None or assertion is None:
        return None
    if not hmac.compare_digest(proof.evidence.challenge, pending.challenge):
        return None
    return record_approval(connection, deps.approving, found.step, pending, proof.method, assertion)


def _asked(found: _Open) -> CeremonyPurpose:
    return CeremonyPurpose("payment", found.step.browser, found.account.account_id, verify_user=True)


def _show(deps: ApproveDeps, found: _Open, problem: Mapping[str, object] | None = None) -> View:
    """Show the payment from its canonical form, each time under a new nonce.

    Spec: RTS-SCA-5.1, RTS-SCA-5.2
    """
    step, language = found.step, current_language()
    pending = begin_approval(found.payment, step.client_id, language if language in LANGUAGES else "en")
    ceremony = None
    if found.way == PASSKEY.name:
        with deps.step.database.read() as connection:
            ceremony = begin_assertion(
                connection, deps.ceremonies, _asked(found), step.now, challenge=pending.challenge
            )
    values = {
        "is_once": is_single_use((found.payment,)),
        "act": _act(found.payment),
        "payer": found.payer,
        "asked_again": _asked_again(deps, found),
        "facts": list(pending.facts.values()),
        "amount": pending.facts["amount"].value,
        "approval": seal_approval(deps.envelope, step, pending),
        "way": found.way,
        "other_ways": [way for way in found.ways if way != found.way],
        "interaction": step.interaction_id,
        "ceremony": ceremony,
        **_what_follows(step),
    }
    return show(deps.step, step, PAGE, {**values, **(problem or {})})


def _act(payment: Detail) -> str:
    """Return what the page is about: to pay, else to cancel, else to look."""
    if is_to_pay(payment):
        return "pay"
    return "cancel" if "cancel" in actions_of(payment) else "look"


def _asked_again(deps: ApproveDeps, found: _Open) -> int | None:
    """Return when payments to come must be asked for again, where that is before their last day."""
    longest = found.step.now + deps.approving.lasting.lifetime_seconds
    return longest - 1 if longest < (last_moment((found.payment,)) or longest) else None


def _what_follows(step: Step) -> Mapping[str, object]:
    """Return whether a page of permission follows this one, and so one step more."""
    if is_nothing_but_a_payment(step):
        return {"more_follows": False}
    return {"more_follows": True, "step_total": _STEPS_WITH_PERMISSION}


def _is_strong(session: Session) -> bool:
    return _suffices(session, ACR_TWO_FACTORS)


def _suffices(session: Session, acr: str | None) -> bool:
    return acr is None or satisfies(acr_for(session.factors), acr)
