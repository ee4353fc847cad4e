"""Consent: who asks for what, for how long, and the person's answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flask import Blueprint, Response, request

from authserver.accounts.activities import CONSENT_GIVEN, activity_row
from authserver.accounts.bank_accounts import AccountsOf
from authserver.accounts.model import Enrolled
from authserver.authorization.next_step import Situation, next_step
from authserver.authorization.next_step import Step as NextStep
from authserver.interaction.account_choice import Chosen, can_be_met, choose, find_missing, show_details
from authserver.interaction.consenting import ConsentTerms, give_consent
from authserver.interaction.guard import Step, StepDeps, check_form, go_on, open_step, refuse, report, show
from authserver.interaction.scope_words import describe_claims, describe_scopes
from authserver.messages import Message
from authserver.protocol.authorization_details.bank_accounts import BankAccount
from authserver.protocol.authorization_details.registry import is_single_use, last_moment, type_names
from authserver.protocol.errors import InvalidRequest, OAuthError

PAGE = "consent"
ADDRESS_LIMIT = "consent.address"
_CHOOSE = Message("Choose at least one account, or do not allow this.")


@dataclass(frozen=True, slots=True)
class ConsentDeps:
    """What the consent page uses; `accounts_of` tells which accounts a person has at the bank."""

    step: StepDeps
    terms: ConsentTerms
    accounts_of: AccountsOf
    scope_descriptions: Mapping[str, str]


def consent_page(deps: ConsentDeps) -> Blueprint:
    """Return the page at `/consent`."""
    blueprint = Blueprint(PAGE, __name__)
    deps.step.limits.guard(blueprint, ADDRESS_LIMIT, deps.step.address)

    @blueprint.get("/consent")
    def ask() -> Response:
        step = open_step(deps.step)
        return _show(deps, step) if _may_decide(step) else go_on(step)

    @blueprint.post("/consent")
    def answer() -> Response:
        step = open_step(deps.step)
        if not _may_decide(step):
            return go_on(step)
        check_form(deps.step, step, shown_to=_account_id(step))
        decision = request.form.get("decision")
        if decision == "approve":
            return _approve(deps, step)
        if decision == "deny":
            report(deps.step, step, "consent.denied", account_id=_account_id(step))
            return refuse(deps.step, step)
        raise InvalidRequest("Choose to allow or not to allow.", clause="RFC6749-10.2")

    return blueprint


def _may_decide(step: Step) -> bool:
    """Return whether consent is what this request needs next, leaving aside what was allowed before it.

    A session too weak or too old for the request must not record what a later, silent visit would rely on. What someone
    else allowed in this interaction, before they signed out, is no one's consent now.

    Spec: OIDCC-3.1.2.4
    """
    if step.is_over or step.session is None:
        return False
    given = () if step.given is None else (step.given,)
    situation = Situation(step.interaction, step.session, step.session_hash, consents=given, enrolled=Enrolled())
    try:
        return next_step(situation) is NextStep.CONSENT
    except OAuthError:
        return False


def _show(deps: ConsentDeps, step: Step, error: str = "", chosen: Chosen | None = None) -> Response:
    """Show who asks for what, and for how long; after an error with what was chosen before it.

    Spec: FAPI2-SP-FINAL-5.3.2.2-13, RFC6749-10.2, RFC9396-2
    """
    asked = step.interaction.request
    clusters = (
        *describe_scopes(asked.scope, deps.scope_descriptions),
        *describe_claims(asked.single_claims(), asked.scope),
    )
    details, own = asked.authorization_details, _own_accounts(deps, step)
    ends_at = last_moment(details)
    consent_ends_at = step.now + deps.terms.lifetime_seconds
    values = {
        "clusters": clusters,
        "details": show_details(details, own),
        "chosen": chosen or {},
        "can_be_met": can_be_met(details, own),
        "is_payment": is_single_use(details),
        "moves_money": asked.payment is not None,
        "until": consent_ends_at if ends_at is None else min(consent_ends_at, ends_at - 1),
        "error": error,
        "error_field": f"accounts-{find_missing(details, own, chosen or {})}-0",
    }
    return show(deps.step, step, PAGE, values, shown_to=_account_id(step))


def _approve(deps: ConsentDeps, step: Step) -> Response:
    """Record exactly what was shown, with the accounts that were chosen; or ask again where none were."""
    asked = step.interaction.request.authorization_details
    own, chosen = _own_accounts(deps, step), _read_choice(len(asked))
    details = choose(asked, own, chosen) if can_be_met(asked, own) else None
    if details is None:
        return _show(deps, step, _CHOOSE, chosen)
    consent, writes = give_consent(deps.terms, step, details)
    activity = activity_row(consent.account_id, CONSENT_GIVEN, step.now, consent.client_id)
    if not deps.step.database.write(replace(writes, rows=(*writes.rows, activity))):
        return go_on(step)
    detail = {"consent_id": consent.consent_id, "scope": " ".join(consent.scope)}
    types = " ".join(sorted(type_names(details)))
    detail |= {"authorization_details": types} if types else {}
    report(deps.step, step, "consent.given", account_id=consent.account_id, detail=detail)
    return go_on(step)


def _read_choice(count: int) -> Chosen:
    """Return the account numbers that were ticked, by the place of their detail."""
    return {place: request.form.getlist(f"accounts-{place}") for place in range(count)}


def _own_accounts(deps: ConsentDeps, step: Step) -> tuple[BankAccount, ...]:
    return deps.accounts_of(step.account) if step.account else ()


def _account_id(step: Step) -> str:
    return step.account.account_id if step.account else ""
