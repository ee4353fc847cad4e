"""The second factor of someone who lost it: a recovery code."""

from flask import Blueprint, request

from authserver.accounts.factors.recovery.codes import use_code
from authserver.accounts.factors.recovery.factor import RECOVERY, RECOVERY_METHOD
from authserver.accounts.model import Account
from authserver.events.catalogue import RECOVERY_CODE_USED
from authserver.interaction.second_factor import Proof, add_proof, held, other_ways
from authserver.interaction.step import Step, StepDeps, event_of, go_on, refuse, show
from authserver.interaction.step_page import StepPage, find_signed_in, step_page
from authserver.web.pages.form_page import Reply, form_pages

PAGE = "recovery"
ADDRESS_LIMIT = "second_factor.address"


def recovery_page(deps: StepDeps) -> Blueprint:
    """Return the page at `/login/recovery`, which only a person with codes left comes to see."""
    page = StepPage(
        "/login/recovery",
        find=find_signed_in,
        show=lambda found: _show(deps, found.step),
        answer=lambda found: _use(deps, found.step, found.account, request.form.get("recovery_code", "")),
        cancel=lambda found: refuse(deps, found.step),
    )
    return form_pages(deps, PAGE, step_page(deps, page), limit=ADDRESS_LIMIT)


def _show(deps: StepDeps, step: Step) -> Reply:
    return (
        show(deps, step, PAGE, other_ways(step, held(step.enrolled), RECOVERY))
        if step.enrolled.has(RECOVERY)
        else go_on(step)
    )


def _use(deps: StepDeps, step: Step, account: Account, code: str) -> Reply:
    proof = Proof(
        page=PAGE,
        method=RECOVERY_METHOD,
        check=lambda connection: use_code(connection, account.account_id, code, step.now),
        shown=other_ways(step, held(step.enrolled), RECOVERY),
        event=event_of(step, RECOVERY_CODE_USED, account.account_id, {"method": RECOVERY_METHOD}),
    )
    return add_proof(deps, step, account, proof)
