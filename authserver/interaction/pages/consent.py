"""Consent: who asks for what, for how long, and the person's answer."""

from collections.abc import Callable

from flask import Blueprint, request

from authserver.authorization.answers.send import send
from authserver.authorization.dispatch import Allowed, Dispatcher
from authserver.banking.account_choice import Chosen, can_be_met, choose, find_missing, show_details
from authserver.banking.own_accounts import AccountsOf
from authserver.clients.model import ResourceServer
from authserver.events.catalogue import AUTHORIZATION_PAGE_REFUSED, CONSENT_DENIED, CONSENT_GIVEN
from authserver.grants.store.consents import consent_row
from authserver.interaction.consent import ConsentTerms, give_consent, name_apis
from authserver.interaction.payment_approval import approved_details
from authserver.interaction.scope_words import ScopeDescriptions, describe_claims, describe_scopes
from authserver.interaction.step import Step, StepDeps, event_of, refuse, show
from authserver.interaction.step_page import StepPage, step_page
from authserver.messages import Message
from authserver.protocol.details.bank_accounts import BankAccount
from authserver.protocol.details.model import Details
from authserver.protocol.details.registry import is_single_use, is_to_pay, last_moment, type_names
from authserver.protocol.errors import InvalidRequest, OAuthError
from authserver.values import Assembly
from authserver.web.pages.flask_pages import correlation_id, to_flask
from authserver.web.pages.form_page import Reply, View, form_pages
from authserver.web.pages.i18n import current_language

PAGE = "consent"
ADDRESS_LIMIT = "consent.address"
_CHOOSE = Message("Choose at least one account, or do not allow this.")


class ConsentDeps(Assembly, frozen=True):
    """What the consent page uses; `accounts_of` tells which accounts a person has at the bank, `servers` which APIs."""

    step: StepDeps
    conduct: Dispatcher
    terms: ConsentTerms
    accounts_of: AccountsOf
    scope_descriptions: ScopeDescriptions
    servers: Callable[[], tuple[ResourceServer, ...]]


def consent_page(deps: ConsentDeps) -> Blueprint:
    """Return the page at `/consent`."""
    page = StepPage(
        "/consent",
        find=lambda step: step if deps.conduct.awaits_consent(step.visit) else None,
        show=lambda step: _show(deps, step),
        answer=lambda step: _decide(deps, step, request.form.get("decision", "")),
        for_account=True,
    )
    return form_pages(deps.step, PAGE, step_page(deps.step, page), limit=ADDRESS_LIMIT)


def _decide(deps: ConsentDeps, step: Step, decision: str) -> Reply:
    if decision == "approve":
        return _approve(deps, step)
    if decision == "deny":
        return refuse(deps.step, step, event=event_of(step, CONSENT_DENIED, step.account_id))
    raise InvalidRequest("Choose to allow or not to allow.", clause="RFC6749-10.2")


def _show(deps: ConsentDeps, step: Step, error: str = "", chosen: Chosen | None = None) -> View:
    """Show who asks for what, and for how long; after an error with what was chosen before it.

    Spec: FAPI2-SP-FINAL-5.3.2.2-13, RFC6749-10.2, RFC9396-2
    """
    asked = step.interaction.request
    clusters = (
        *describe_scopes(asked.scope, deps.scope_descriptions, current_language()),
        *describe_claims(asked.single_claims(), asked.scope),
    )
    details, own = _details(deps, step), _own_accounts(deps, step)
    ends_at = last_moment(details)
    moves_money = asked.payment is not None and is_to_pay(asked.payment)
    consent_ends_at = step.now + deps.terms.lifetime_seconds
    values = {
        "clusters": clusters,
        "used_at": ", ".join(name_apis(asked, deps.servers(), deps.conduct.answers.issuer)),
        "details": show_details(details, own),
        "chosen": chosen or {},
        "can_be_met": can_be_met(details, own),
        "is_payment": is_single_use(details) and moves_money,
        "moves_money": moves_money,
        "until": consent_ends_at if ends_at is None else min(consent_ends_at, ends_at - 1),
        "error": error,
        "error_field": f"accounts-{find_missing(details, own, chosen or {})}-0",
    }
    return show(deps.step, step, PAGE, values)


def _approve(deps: ConsentDeps, step: Step) -> Reply:
    """Record exactly what was shown, with the accounts that were chosen, and answer the app; or ask for accounts.

    Consent is the last step, so that what follows it needs no other visit.
    """
    asked = _details(deps, step)
    own, chosen = _own_accounts(deps, step), _read_choice(len(asked))
    details = choose(asked, own, chosen) if can_be_met(asked, own) else None
    if details is None:
        return _show(deps, step, _CHOOSE, chosen)
    consent = give_consent(deps.terms, step, details)
    detail = {"consent_id": consent.consent_id, "scope": " ".join(consent.scope)}
    types = " ".join(sorted(type_names(details)))
    detail |= {"authorization_details": types} if types else {}
    event = event_of(step, CONSENT_GIVEN, consent.account_id, detail)
    allowed = Allowed(consent, (consent_row(consent),), event)
    try:
        answer = deps.conduct.conclude(step.visit, allowed, step.now, correlation_id())
    except OAuthError as error:
        facts = error.operator_facts()
        deps.step.journal.tell(event_of(step, AUTHORIZATION_PAGE_REFUSED, consent.account_id, facts))
        raise
    return to_flask(send(answer, deps.step.pages))


def _read_choice(count: int) -> Chosen:
    """Return the account numbers that were ticked, by the place of their detail."""
    return {place: request.form.getlist(f"accounts-{place}") for place in range(count)}


def _details(deps: ConsentDeps, step: Step) -> Details:
    """Return the details asked for; of a payment that was approved, what was approved of it."""
    if step.interaction.approval_id is None:
        return step.interaction.request.authorization_details
    with deps.step.database.read() as connection:
        return approved_details(connection, step)


def _own_accounts(deps: ConsentDeps, step: Step) -> tuple[BankAccount, ...]:
    return deps.accounts_of(step.account) if step.account else ()
