"""The second factor: the code of an authenticator app."""

from flask import Blueprint, request

from authserver.accounts.factors.totp.credential import check_totp
from authserver.accounts.factors.totp.factor import TOTP, TOTP_METHOD
from authserver.accounts.model import Account
from authserver.events.catalogue import SECOND_FACTOR_SUCCEEDED
from authserver.interaction.second_factor import Proof, add_proof, held, other_ways
from authserver.interaction.step import Step, StepDeps, event_of, go_on, refuse, show, with_browser
from authserver.interaction.step_page import StepPage, find_signed_in, step_page
from authserver.protocol.errors import AccessDenied, UnmetAuthenticationRequirements
from authserver.sealing.envelope import Envelope
from authserver.values import Assembly, Hidden
from authserver.web.pages.form_page import Reply, form_pages

PAGE = "totp"
NOT_ENROLLED_PAGE = "second_factor_needed"
ADDRESS_LIMIT = "second_factor.address"


class TotpDeps(Assembly, frozen=True):
    """What the second factor's page uses."""

    step: StepDeps
    envelope: Hidden[Envelope]


def totp_page(deps: TotpDeps) -> Blueprint:
    """Return the page at `/login/totp`."""
    page = StepPage(
        "/login/totp",
        find=find_signed_in,
        show=lambda found: _show(deps, found.step),
        answer=lambda found: _answer(deps, found.step, found.account),
        cancel=lambda found: refuse(deps.step, found.step, _why_cancelled(found.step)),
    )
    return form_pages(deps.step, PAGE, step_page(deps.step, page), limit=ADDRESS_LIMIT)


def _show(deps: TotpDeps, step: Step) -> Reply:
    """Show the page, or go on where the person has something else: then another step is next."""
    if step.enrolled.has(TOTP):
        return show(deps.step, step, PAGE, other_ways(step, held(step.enrolled), TOTP))
    return go_on(step) if step.enrolled.has_second_factor else show(deps.step, step, NOT_ENROLLED_PAGE, {})


def _answer(deps: TotpDeps, step: Step, account: Account) -> Reply:
    if not step.enrolled.has_second_factor:
        return refuse(deps.step, step, UnmetAuthenticationRequirements.code)
    return _check_code(deps, step, account) if step.enrolled.has(TOTP) else go_on(step)


def _why_cancelled(step: Step) -> str:
    """Return why the app is refused: the person does not want to, or has nothing to prove themselves by."""
    return AccessDenied.code if step.enrolled.has_second_factor else UnmetAuthenticationRequirements.code


def _check_code(deps: TotpDeps, step: Step, account: Account) -> Reply:
    code = request.form.get("totp", "")
    proof = Proof(
        page=PAGE,
        method=TOTP_METHOD,
        check=lambda connection: check_totp(connection, deps.envelope, account.account_id, code, step.now),
        shown=other_ways(step, held(step.enrolled), TOTP),
        event=event_of(
            step, SECOND_FACTOR_SUCCEEDED, account.account_id, {"method": TOTP_METHOD}, with_browser(TOTP_METHOD)
        ),
    )
    return add_proof(deps.step, step, account, proof)
