"""The second factor of someone who lost it: a recovery code."""

from dataclasses import dataclass

from flask import Blueprint, request

from authserver.accounts.activities import RECOVERY_CODE_USED, note
from authserver.accounts.model import Account
from authserver.accounts.recovery import use_code
from authserver.accounts.store.people import Connection
from authserver.interaction.guard import Step, StepDeps, go_on, refuse, show
from authserver.interaction.second_proof import Proof, add_proof, other_ways
from authserver.interaction.step_page import StepPage, find_signed_in, step_page
from authserver.notices.model import RECOVERY_CODE_USED as CODE_USED
from authserver.notices.model import Notifier
from authserver.sessions.acr import RECOVERY
from authserver.web.pages.form_page import Reply, form_pages

PAGE = "recovery"
ADDRESS_LIMIT = "second_factor.address"


@dataclass(frozen=True, slots=True)
class RecoveryDeps:
    """What the page uses; the person is told of each use, which may not be their own."""

    step: StepDeps
    notifier: Notifier


def recovery_page(deps: RecoveryDeps) -> Blueprint:
    """Return the page at `/login/recovery`, which only a person with codes left comes to see."""
    page = StepPage(
        "/login/recovery",
        find=find_signed_in,
        show=lambda found: _show(deps, found.step),
        answer=lambda found: _use(deps, found.step, found.account, request.form.get("recovery_code", "")),
        cancel=lambda found: refuse(deps.step, found.step),
    )
    return form_pages(deps.step, PAGE, step_page(deps.step, page), limit=ADDRESS_LIMIT)


def _show(deps: RecoveryDeps, step: Step) -> Reply:
    return show(deps.step, step, PAGE, other_ways(step, step.enrolled)) if step.enrolled.recovery else go_on(step)


def _use(deps: RecoveryDeps, step: Step, account: Account, code: str) -> Reply:
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
