"""Making recovery codes, which are shown once."""

import os
from collections.abc import Sequence

from flask import Blueprint, Response

from authserver.accounts import activities
from authserver.accounts.activities import note
from authserver.accounts.recovery import new_codes, replace_codes
from authserver.accounts.store import recovery
from authserver.notices.model import RECOVERY_CODES_MADE
from authserver.selfservice.guard import AccountDeps, Visit, change, check_form, go_to, open_visit, report, show, tell

PAGE = "recovery_codes"
PATH = "/account/recovery-codes"


def recovery_codes_page(deps: AccountDeps) -> Blueprint:
    """Return the page at `/account/recovery-codes`."""
    blueprint = Blueprint("account_recovery_codes", __name__)

    @blueprint.get(PATH)
    def ask() -> Response:
        visit = open_visit(deps, fresh=True)
        if not visit.strong_factors:
            return go_to("/account/methods")
        with deps.step.database.read() as connection:
            left = recovery.count_left(connection, visit.account_id)
        return _show(deps, visit, (), left)

    @blueprint.post(PATH)
    def answer() -> Response:
        visit = open_visit(deps, fresh=True)
        check_form(deps, visit)
        if not visit.strong_factors:
            return go_to("/account/methods")
        codes = new_codes(os.urandom)
        with change(deps, visit) as connection:
            replace_codes(connection, visit.account_id, codes, visit.now)
            note(connection, visit.account_id, activities.RECOVERY_CODES_MADE, visit.now)
            tell(deps, connection, visit, RECOVERY_CODES_MADE)
        report(deps, visit, RECOVERY_CODES_MADE)
        return _show(deps, visit, codes, len(codes))

    return blueprint


def _show(deps: AccountDeps, visit: Visit, codes: Sequence[str], left: int) -> Response:
    """Show the codes just made, or how many there are; a code stands in for the second factor, after a password."""
    return show(deps, visit, PAGE, {"codes": codes, "codes_left": left, "has_password": visit.enrolled.password})
