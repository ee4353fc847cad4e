"""The overview: what is in order, and what is to do."""

from flask import Blueprint, Response

from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.recovery import store as recovery
from authserver.interaction.step import stay_purpose
from authserver.selfservice.account_page import AccountDeps, AccountPage, AccountVisit, form_page, open_visit, show
from authserver.sessions import lifecycle
from authserver.web.machine.responses import empty
from authserver.web.pages.flask_pages import to_flask
from authserver.web.pages.form_page import FormBinding, FormPage, View, form_pages

PAGE = "overview"


def overview_page(deps: AccountDeps) -> Blueprint:
    """Return the pages at `/account` and `/account/stay`, which keeps a session from idling out."""
    stay = FormPage(
        "/account/stay",
        find=lambda: open_visit(deps),
        bind=lambda visit: FormBinding(visit.cookie, stay_purpose(visit.account_id), visit.account_id),
        answer=lambda visit: _stay(deps, visit),
    )
    return form_pages(deps.step, PAGE, form_page(deps, AccountPage("/account", lambda visit: _show(deps, visit))), stay)


def _show(deps: AccountDeps, visit: AccountVisit) -> View:
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


def _stay(deps: AccountDeps, visit: AccountVisit) -> Response:
    left = lifecycle.seconds_left(visit.session, deps.step.session_limits, visit.now)
    return to_flask(empty(status=204, headers=(("X-Seconds-Left", str(left)),)))


def _todos(visit: AccountVisit, codes_left: int, working_passkeys: int) -> tuple[str, ...]:
    """Return what a careful person would do next, by name; the template has the words."""
    has_strong = bool(visit.strong_factors)
    codes_help = has_strong and visit.enrolled.has(PASSWORD)  # a code comes after a password: alone it lets nobody in
    wanted = (
        ("add_strong", not has_strong),
        ("add_passkey", has_strong and not visit.enrolled.has(PASSKEY)),
        ("add_way", not visit.enrolled.has(PASSWORD) and working_passkeys == 1),
        ("make_codes", codes_help and codes_left == 0),
        ("few_codes", codes_help and codes_left in {1, 2, 3}),
    )
    return tuple(name for name, is_wanted in wanted if is_wanted)
