"""The second factor of someone who lost it: a recovery code."""

from dataclasses import dataclass

from flask import Blueprint, Response, request

from authserver.accounts.activities import RECOVERY_CODE_USED, note
from authserver.accounts.model import Account
from authserver.accounts.recovery import use_code
from authserver.accounts.store.people import Connection
from authserver.interaction.guard import CANCEL, Step, StepDeps, check_form, go_on, open_step, refuse, show
from authserver.interaction.second_proof import Proof, add_proof, other_ways
from authserver.notices.model import RECOVERY_CODE_USED as CODE_USED
from authserver.notices.model import Notifier
from authserver.sessions.acr import RECOVERY

PAGE = "recovery"
ADDRESS_LIMIT = "second_factor.address"


@dataclass(frozen=True, slots=True)
class RecoveryDeps:
    """What the page uses; the person is told of each use, which may not be their own."""

    step: StepDeps
    notifier: Notifier


def recovery_page(deps: RecoveryDeps) -> Blueprint:
    """Return the page at `/login/recovery`, which only a person with codes left comes to see."""
    blueprint = Blueprint(PAGE, __name__)
    deps.step.limits.guard(blueprint, ADDRESS_LIMIT, deps.step.address)

    @blueprint.get("/login/recovery")
    def ask() -> Response:
        step = open_step(deps.step)
        if step.is_over or step.account is None:
            return go_on(step)
        if not step.enrolled.recovery:
            return go_on(step)
        return show(deps.step, step, PAGE, other_ways(step, step.enrolled))

    @blueprint.post("/login/recovery")
    def answer() -> Response:
        step = open_step(deps.step)
        if step.is_over or step.account is None:
            return go_on(step)
        check_form(deps.step, step)
        if request.form.get("action") == CANCEL:
            return refuse(deps.step, step)
        return _use(deps, step, step.account, request.form.get("recovery_code", ""))

    return blueprint


def _use(deps: RecoveryDeps, step: Step, account: Account, code: str) -> Response:
    def record(connection: Connection) -> None:
        note(connection, account.account_id, RECOVERY_CODE_USED, step.now, step.client_id)
        deps.notifier(connection, account.account_id, CODE_USED, step.now)

    proof = Proof(
        page=PAGE,
        method=RECOVERY,
        check=lambda connection: use_code(connection, account.account_id, code, step.now),
        shown=other_ways(step, step.enrolled),
        record=record,
    )
    return add_proof(deps.step, step, account, proof)
