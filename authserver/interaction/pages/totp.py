"""The second factor: the code of an authenticator app."""

from dataclasses import dataclass, field

from flask import Blueprint, Response, request

from authserver.accounts import store as accounts
from authserver.accounts.model import Account
from authserver.accounts.second_factor import check_totp
from authserver.interaction.guard import (
    CANCEL,
    DID_NOT_WORK,
    Step,
    StepDeps,
    check_form,
    go_on,
    open_step,
    refuse,
    report,
    show,
)
from authserver.keys.envelope import Envelope
from authserver.protocol.errors import UnmetAuthenticationRequirements
from authserver.sessions import lifecycle
from authserver.sessions.acr import TOTP

PAGE = "totp"
NOT_ENROLLED_PAGE = "second_factor_needed"
ADDRESS_LIMIT = "second_factor.address"
ACCOUNT_LIMIT = "second_factor.account"


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
        return show(deps.step, step, _page_for(deps, step.account), {})

    @blueprint.post("/login/totp")
    def answer() -> Response:
        step = open_step(deps.step)
        if step.is_over or step.account is None:
            return go_on(step)
        page = _page_for(deps, step.account)
        check_form(deps.step, step)
        if page == NOT_ENROLLED_PAGE:
            return refuse(deps.step, step, UnmetAuthenticationRequirements.code)
        if request.form.get("action") == CANCEL:
            return refuse(deps.step, step)
        return _check_code(deps, step, step.account, request.form.get("totp", ""))

    return blueprint


def _page_for(deps: TotpDeps, account: Account) -> str:
    with deps.step.database.read() as connection:
        return PAGE if accounts.has_totp(connection, account.account_id) else NOT_ENROLLED_PAGE


def _check_code(deps: TotpDeps, step: Step, account: Account, code: str) -> Response:
    """Check a code and raise the session; if the session has ended meanwhile, the code is spent all the same."""
    deps.step.limits.hit(ACCOUNT_LIMIT, account.account_id)
    limits = deps.step.session_limits
    with deps.step.database.transaction() as connection:
        check = check_totp(connection, deps.envelope, account.account_id, code, step.now)
        raised = lifecycle.elevate(connection, step.session_cookie, TOTP, limits, step.now) if check else None
    if not check:
        detail = {"method": TOTP, "outcome": check.outcome}
        report(deps.step, step, "second_factor.failed", account_id=account.account_id, detail=detail)
        return show(deps.step, step, PAGE, {"error": DID_NOT_WORK})
    if raised is None:
        return go_on(step)
    report(deps.step, step, "second_factor.succeeded", account_id=account.account_id, detail={"method": TOTP})
    return go_on(step, session_cookie=raised[1])
