"""Adding an authenticator app: scan the picture, type a code that the app shows."""

import os

from flask import Blueprint, request

from authserver.accounts.factors.totp.enrolment import Proposal, confirm_generator, propose_generator, read_proposal
from authserver.accounts.factors.totp.factor import TOTP, TOTP_METHOD
from authserver.events.catalogue import GENERATOR_ADDED
from authserver.interaction.step import DID_NOT_WORK
from authserver.interaction.totp_qr_code import draw_generator
from authserver.selfservice import confirmation
from authserver.selfservice.account_page import (
    AccountDeps,
    AccountPage,
    AccountVisit,
    account_pages,
    after_change,
    change,
    go_to,
    may_add_factor,
    next_path,
    record,
    show,
)
from authserver.sessions import lifecycle
from authserver.web.pages.form_page import Reply, View

PAGE = "generator"
PATH = "/account/generator"


def generator_page(deps: AccountDeps) -> Blueprint:
    """Return the page at `/account/generator`."""
    page = AccountPage(
        PATH, lambda visit: _propose(deps, visit), answer=lambda visit: _answer(deps, visit), fresh_to_see=True
    )
    return account_pages(deps, "account_generator", page)


def _propose(deps: AccountDeps, visit: AccountVisit) -> Reply:
    if not may_add_factor(deps, visit):
        return go_to("/account/methods")
    return _show(deps, visit, propose_generator(deps.envelope, visit.account_id, os.urandom, visit.now))


def _answer(deps: AccountDeps, visit: AccountVisit) -> Reply:
    proposal = read_proposal(deps.envelope, visit.account_id, request.form.get("ticket", ""), visit.now)
    if proposal is None or not may_add_factor(deps, visit):
        return go_to(PATH)
    return _confirm(deps, visit, proposal, request.form.get("totp", ""))


def _confirm(deps: AccountDeps, visit: AccountVisit, proposal: Proposal, typed_code: str) -> Reply:
    """Keep the seed if the code is right; the session rests on it from now on, so that no second code is asked.

    Spec: ASVS5-6.3.7
    """
    raised = None
    with change(deps, visit) as connection:
        is_right = confirm_generator(connection, deps.envelope, visit.account_id, proposal, typed_code, visit.now)
        if is_right:
            record(deps, connection, visit, GENERATOR_ADDED)
            raised = lifecycle.elevate(connection, visit.cookie, TOTP_METHOD, deps.step.session_limits, visit.now)
    if not is_right:
        return _show(deps, visit, proposal, error=DID_NOT_WORK)
    cookie = raised[1] if raised else ""
    return after_change(deps, visit, next_path(visit), confirmation.GENERATOR_ADDED, session_cookie=cookie)


def _show(deps: AccountDeps, visit: AccountVisit, proposal: Proposal, *, error: str = "") -> View:
    picture = draw_generator(proposal.seed, username=visit.account.username, issuer_name=deps.site_name)
    values = {"picture": picture, "ticket": proposal.ticket, "error": error, "has_one": visit.enrolled.has(TOTP)}
    return show(deps, visit, PAGE, values)
