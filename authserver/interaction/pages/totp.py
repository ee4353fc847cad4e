"""The second factor: the code of an authenticator app."""

from dataclasses import dataclass, field

from flask import Blueprint, Response, request

from authserver.accounts.activities import SECOND_FACTOR_GIVEN, note
from authserver.accounts.model import Account, Enrolled
from authserver.accounts.second_factor import check_totp
from authserver.interaction.guard import (
    CANCEL,
    Step,
    StepDeps,
    check_form,
    go_on,
    open_step,
    refuse,
    show,
    with_browser,
)
from authserver.interaction.second_proof import Proof, add_proof, other_ways
from authserver.protocol.errors import UnmetAuthenticationRequirements
from authserver.sealing.envelope import Envelope
from authserver.sessions.acr import TOTP

PAGE = "totp"
NOT_ENROLLED_PAGE = "second_factor_needed"
ADDRESS_LIMIT = "second_factor.address"


@dataclass(frozen=True, slots=True)
class TotpDeps:
    """What the second factor's page uses."""

    step: StepDeps
    envelope: Envelope = field(repr=False)


def totp_page(deps: TotpDeps) -> Blueprint:
    """Return the page at `/login/totp`."""
    blueprint = Blueprint(PAGE, __name__)
    deps.step.limits.guard(blueprint, ADDRESS_LIMIT, deps.step.address)

    @blueprint.get("/login/totp")
    def ask() -> Response:
        step = open_step(deps.step)
        if step.is_over or step.account is None:
            return go_on(step)
        return _show(deps, step, step.enrolled)

    @blueprint.post("/login/totp")
    def answer() -> Response:
        step = open_step(deps.step)
        if step.is_over or step.account is None:
            return go_on(step)
        check_form(deps.step, step)
        enrolled = step.enrolled
        if not enrolled.has_second_factor:
            return refuse(deps.step, step, UnmetAuthenticationRequirements.code)
        if request.form.get("action") == CANCEL:
            return refuse(deps.step, step)
        if not enrolled.totp:
            return go_on(step)
        return _check_code(deps, step, step.account, enrolled)

    return blueprint


def _show(deps: TotpDeps, step: Step, enrolled: Enrolled) -> Response:
    """Show the page, or go on where the person has something else: then another step is next."""
    if enrolled.totp:
        return show(deps.step, step, PAGE, other_ways(step, enrolled))
    return go_on(step) if enrolled.has_second_factor else show(deps.step, step, NOT_ENROLLED_PAGE, {})


def _check_code(deps: TotpDeps, step: Step, account: Account, enrolled: Enrolled) -> Response:
    code = request.form.get("totp", "")
    proof = Proof(
        page=PAGE,
        method=TOTP,
        check=lambda connection: check_totp(connection, deps.envelope, account.account_id, code, step.now),
        shown=other_ways(step, enrolled),
        record=lambda connection: note(
            connection, account.account_id, SECOND_FACTOR_GIVEN, step.now, step.client_id, with_browser(TOTP)
        ),
    )
    return add_proof(deps.step, step, account, proof)
