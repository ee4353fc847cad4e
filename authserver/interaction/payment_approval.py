"""What approving a payment does, whichever way the person proved themselves: all of it in one transaction, or none."""

from authserver.accounts.factors.passkey.ceremonies import AssertionResult as PasskeyAssertion
from authserver.accounts.factors.passkey.model import RelyingParty
from authserver.authorization.store import consent_move, set_approval
from authserver.banking.evidence import Assertion, Evidence, dump_evidence
from authserver.banking.payer_choice import with_payment
from authserver.banking.store import claim_approval, find_evidence
from authserver.banking.verify import verify_proof
from authserver.db.engine import Connection
from authserver.db.writes import Writes, write_within
from authserver.events.catalogue import LIMITS_APPROVED, PAYMENT_APPROVED, PAYMENT_CANCELLED, PAYMENT_SHOWN
from authserver.events.journal import Journal
from authserver.events.model import Event, Kind
from authserver.grants.store.consents import consent_row
from authserver.interaction.consent import ConsentTerms, give_consent
from authserver.interaction.pending_approval import PendingApproval
from authserver.interaction.step import Step, event_of
from authserver.protocol.details.model import Details
from authserver.protocol.details.registry import actions_of, is_single_use, is_to_pay
from authserver.protocol.handles import new_handle
from authserver.sessions import lifecycle
from authserver.sessions.model import Session, SessionLimits
from authserver.values import Assembly, Hidden, Value

_SCOPES_OF_A_PAYMENT = frozenset({"openid", "payments"})
"""What an app may ask beside a payment without asking for more than the payment says."""

CONSENT_SECONDS = 900
"""For how long the consent to one payment lasts: enough for its code and its token, and nothing later."""


class InteractionOver(Exception):
    """The interaction or the session ended, or the payment was approved, while the person was deciding."""


class ApprovalTerms(Assembly, frozen=True):
    """What every approval is recorded with: the consent that it is, to one payment or to payments to come."""

    once: ConsentTerms
    lasting: ConsentTerms
    limits: SessionLimits
    journal: Journal


class ApprovalResult(Value, frozen=True):
    """An approval that stands, and the session that it made fresh."""

    evidence: Evidence
    session: Session
    session_cookie: Hidden[str]


def record_approval(
    connection: Connection,
    approving: ApprovalTerms,
    step: Step,
    pending: PendingApproval,
    method: str,
    assertion: Assertion | None,
) -> ApprovalResult | None:
    """Record an approval, the consent that it is, and the factor that it took; nothing where its proof would not hold.

    A passkey may sign what the sign-in takes and the proof's strict reading does not, such as a fraction in the client
    data: an approval that nobody could check later is none.

    Raises InteractionOver, with which the caller's transaction must end and take everything back: of two approvals at
    the same moment only one is ever there.

    Spec: RTS-SCA-4.1, RTS-SCA-5.1
    """
    if step.account is None:
        raise InteractionOver
    evidence = Evidence(
        approval_id=new_handle(),
        subject=step.account.account_id,
        client_id=pending.client_id,
        payment=pending.payment,
        language=pending.language,
        text=pending.text,
        nonce=pending.nonce,
        method=method,
        approved_at=step.now,
        assertion=assertion,
    )
    if evidence.linked and not verify_proof(dump_evidence(evidence).encode()):
        return None
    raised = lifecycle.elevate(connection, step.session_cookie, method, approving.limits, step.now)
    interaction_hash = step.interaction.interaction_hash
    is_first = raised is not None and claim_approval(connection, interaction_hash, evidence)
    if raised is None or not is_first or not set_approval(connection, interaction_hash, evidence.approval_id):
        raise InteractionOver
    details = with_payment(step.interaction.request.authorization_details, pending.payment)
    is_once = is_single_use(details)
    if is_nothing_but_a_payment(step):
        consent = give_consent(approving.once if is_once else approving.lasting, step, details)
        move = consent_move(interaction_hash, consent.consent_id)
        if not write_within(connection, Writes(moves=(move,), rows=(consent_row(consent),))):
            raise InteractionOver
    approving.journal.record(connection, _event(step, evidence, pending))
    return ApprovalResult(evidence, *raised)


def approved_details(connection: Connection, step: Step) -> Details:
    """Return the details of a request, with its payment as the person approved it where they have.

    Spec: RTS-SCA-5.1, RFC9396-7.1
    """
    details, approval_id = step.interaction.request.authorization_details, step.interaction.approval_id
    evidence = None if approval_id is None else find_evidence(connection, approval_id)
    return details if evidence is None else with_payment(details, evidence.payment)


def _event(step: Step, evidence: Evidence, pending: PendingApproval) -> Event:
    facts = pending.facts
    detail = {
        "approval_id": evidence.approval_id,
        "method": evidence.method,
        "linked": "yes" if evidence.linked else "no",
    }
    thing = f"{facts['amount'].value} · {facts['payee'].value}"
    return event_of(step, _kind(pending), evidence.subject, detail, thing)


def _kind(pending: PendingApproval) -> Kind:
    """Return what the person did, as they read it later: to see or to cancel a payment is not to make it."""
    if not is_to_pay(pending.payment):
        return PAYMENT_CANCELLED if "cancel" in actions_of(pending.payment) else PAYMENT_SHOWN
    return PAYMENT_APPROVED if is_single_use((pending.payment,)) else LIMITS_APPROVED


def is_nothing_but_a_payment(step: Step) -> bool:
    """Return whether approving the payment allows everything that was asked, so that no consent is left to give.

    Spec: RTS-SCA-5.1, RFC9396-3
    """
    asked = step.interaction.request
    return (
        len(asked.authorization_details) == 1
        and _SCOPES_OF_A_PAYMENT.issuperset(asked.scope)
        and not (asked.single_claims())
    )


def assertion_of(passkey: PasskeyAssertion, party: RelyingParty) -> Assertion | None:
    """Return what a passkey signed as it is kept in the proof."""
    found = passkey.evidence
    if found is None:
        return None
    return Assertion(
        rp_id=party.rp_id,
        origin=party.origin,
        credential_id=found.credential_id,
        credential_public_key=found.public_key,
        client_data_json=found.client_data_json,
        authenticator_data=found.authenticator_data,
        signature=found.signature,
        user_verified=found.user_verified,
    )
