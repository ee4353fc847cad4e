"""Making recovery codes, which are shown once."""

import os
from collections.abc import Sequence

from flask import Blueprint

from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.recovery import store as recovery
from authserver.accounts.factors.recovery.codes import new_codes, replace_codes
from authserver.events.catalogue import RECOVERY_CODES_MADE
from authserver.selfservice.account_page import (
    AccountDeps,
    AccountPage,
    AccountVisit,
    account_pages,
    change,
    go_to,
    record,
    show,
)
from authserver.web.pages.form_page import Reply, View

PAGE = "recovery_codes"
PATH = "/account/recovery-codes"


def recovery_codes_page(deps: AccountDeps) -> Blueprint:
    """Return the page at `/account/recovery-codes`."""
    page = AccountPage(
        PATH, lambda visit: _ask(deps, visit), answer=lambda visit: _make(deps, visit), fresh_to_see=True
    )
    return account_pages(deps, "account_recovery_codes", page)


def _ask(deps: AccountDeps, visit: AccountVisit) -> Reply:
    if not visit.strong_factors:
        return go_to("/account/methods")
    with deps.step.database.read() as connection:
        left = recovery.count_left(connection, visit.account_id)
    return _show(deps, visit, (), left)


def _make(deps: AccountDeps, visit: AccountVisit) -> Reply:
    if not visit.strong_factors:
        return go_to("/account/methods")
    codes = new_codes(os.urandom)
    with change(deps, visit) as connection:
        replace_codes(connection, visit.account_id, codes, visit.now)
        record(deps, connection, visit, RECOVERY_CODES_MADE)
    return _show(deps, visit, codes, len(codes))


def _show(deps: AccountDeps, visit: AccountVisit, codes: Sequence[str], left: int) -> View:
    """Show the codes just made, or how many there are; a code stands in for the second factor, after a password."""
    return show(deps, visit, PAGE, {"codes": codes, "codes_left": left, "has_password": visit.enrolled.has(PASSWORD)})
