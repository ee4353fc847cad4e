"""The overview: what is in order, and what is to do."""

from flask import Blueprint, Response

from authserver.accounts.store import passkeys, recovery
from authserver.selfservice.guard import AccountDeps, Visit, check_stay, open_visit, show
from authserver.sessions import lifecycle
from authserver.web.machine.responses import empty
from authserver.web.pages.flask_pages import to_flask

PAGE = "overview"


def overview_page(deps: AccountDeps) -> Blueprint:
    """Return the pages at `/account` and `/account/stay`, which keeps a session from idling out."""
    blueprint = Blueprint(PAGE, __name__)

    @blueprint.get("/account")
    def ask() -> Response:
        visit = open_visit(deps)
        with deps.step.database.read() as connection:
            codes_left = recovery.count_left(connection, visit.account_id)
            keys = passkeys.find_all(connection, visit.account_id)
            sessions = lifecycle.find_live(connection, visit.account_id, deps.step.session_limits, visit.now)
        values = {
            "todos": _todos(visit, codes_left, sum(key.disabled_at is None for key in keys)),
            "passkeys": len(keys),
            "has_blocked_passkey": any(key.disabled_at is not None for key in keys),
            "enrolled": visit.enrolled,
            "codes_left": codes_left,
            "sessions": len(sessions),
        }
        return show(deps, visit, PAGE, values)

    @blueprint.post("/account/stay")
    def stay() -> Response:
        visit = open_visit(deps)
        check_stay(deps, visit)
        left = lifecycle.seconds_left(visit.session, deps.step.session_limits, visit.now)
        return to_flask(empty(status=204, headers=(("X-Seconds-Left", str(left)),)))

    return blueprint


def _todos(visit: Visit, codes_left: int, working_passkeys: int) -> tuple[str, ...]:
    """Return what a careful person would do next, by name; the template has the words."""
    has_strong = bool(visit.strong_factors)
    codes_help = has_strong and visit.enrolled.password  # a code comes after a password: alone it lets nobody in
    wanted = (
        ("add_strong", not has_strong),
        ("add_passkey", has_strong and not visit.enrolled.passkey),
        ("add_way", not visit.enrolled.password and working_passkeys == 1),
        ("make_codes", codes_help and codes_left == 0),
        ("few_codes", codes_help and codes_left in {1, 2, 3}),
    )
    return tuple(name for name, is_wanted in wanted if is_wanted)
