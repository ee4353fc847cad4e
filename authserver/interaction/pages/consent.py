"""Consent: who asks for what, for how long, and the person's answer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, request

from authserver.authorization import store
from authserver.authorization.next_step import Situation, next_step
from authserver.authorization.next_step import Step as NextStep
from authserver.grants.model import Consent
from authserver.grants.store import consents
from authserver.interaction.guard import Step, StepDeps, check_form, go_on, open_step, refuse, report, show
from authserver.interaction.scope_words import describe_claims, describe_scopes
from authserver.protocol.errors import InvalidRequest, OAuthError
from authserver.protocol.handles import hash_handle

PAGE = "consent"
ADDRESS_LIMIT = "consent.address"


@dataclass(frozen=True, slots=True)
class ConsentDeps:
    """What the consent page uses; `new_id` makes the id of a consent, `lifetime_seconds` is how long one lasts."""

    step: StepDeps
    new_id: Callable[[], str]
    lifetime_seconds: int
    scope_descriptions: Mapping[str, str]


def consent_page(deps: ConsentDeps) -> Blueprint:
    """Return the page at `/consent`."""
    blueprint = Blueprint(PAGE, __name__)
    deps.step.limits.guard(blueprint, ADDRESS_LIMIT, deps.step.address)

    @blueprint.get("/consent")
    def ask() -> Response:
        step = open_step(deps.step)
        return _show(deps, step) if _may_decide(deps, step) else go_on(step)

    @blueprint.post("/consent")
    def answer() -> Response:
        step = open_step(deps.step)
        if not _may_decide(deps, step):
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


def _may_decide(deps: ConsentDeps, step: Step) -> bool:
    """Return whether consent is what this request needs next, leaving aside what was allowed before it.

    A session too weak or too old for the request must not record what a later, silent visit would rely on. What someone
    else allowed in this interaction, before they signed out, is no one's consent now.

    Spec: OIDCC-3.1.2.4
    """
    if step.is_over or step.session is None:
        return False
    given = _given_here(deps, step)
    situation = Situation(step.interaction, step.session, hash_handle(step.session_cookie), consents=given)
    try:
        return next_step(situation) is NextStep.CONSENT
    except OAuthError:
        return False


def _given_here(deps: ConsentDeps, step: Step) -> tuple[Consent, ...]:
    if step.interaction.consent_id is None:
        return ()
    with deps.step.database.read() as connection:
        return tuple(consents.find_standing(connection, _account_id(step), step.client.client_id, step.now))


def _show(deps: ConsentDeps, step: Step) -> Response:
    """Show who asks for what, and for how long.

    Spec: FAPI2-SP-FINAL-5.3.2.2-13, RFC6749-10.2
    """
    asked = step.interaction.request
    clusters = (
        *describe_scopes(asked.scope, deps.scope_descriptions),
        *describe_claims(asked.single_claims(), asked.scope),
    )
    values = {"clusters": clusters, "until": step.now + deps.lifetime_seconds}
    return show(deps.step, step, PAGE, values, shown_to=_account_id(step))


def _approve(deps: ConsentDeps, step: Step) -> Response:
    """Record exactly what was shown: the stored request, which nothing changes once it has been pushed.

    Spec: RFC6749-10.2, OIDCC-3.1.2.4
    """
    asked = step.interaction.request
    consent = Consent(
        consent_id=deps.new_id(),
        account_id=_account_id(step),
        client_id=step.client.client_id,
        scope=asked.scope,
        claims=asked.single_claims(),
        resources=asked.resources,
        granted_at=step.now,
        expires_at=step.now + deps.lifetime_seconds,
    )
    with deps.step.database.transaction() as connection:
        consents.record(connection, consent)
        store.set_consent(connection, step.interaction.interaction_hash, consent.consent_id)
    detail = {"consent_id": consent.consent_id, "scope": " ".join(consent.scope)}
    report(deps.step, step, "consent.given", account_id=consent.account_id, detail=detail)
    return go_on(step)


def _account_id(step: Step) -> str:
    return step.account.account_id if step.account else ""
