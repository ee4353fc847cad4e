"""How the person signs in: what there is, and taking it away."""

from flask import Blueprint, Response, request

from authserver.accounts.factors.changes import is_spare, remove_generator, remove_passkey
from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.passkey.model import parse_name
from authserver.accounts.factors.recovery import store as recovery
from authserver.events.catalogue import GENERATOR_REMOVED, PASSKEY_REMOVED, PASSKEY_RENAMED
from authserver.selfservice import confirmation
from authserver.selfservice.account_page import (
    AccountDeps,
    AccountPage,
    AccountVisit,
    account_pages,
    after_change,
    change,
    go_on,
    go_to,
    may_add_factor,
    record,
    show,
)
from authserver.web.pages.form_page import View

PAGE = "methods"
PATH = "/account/methods"


def methods_page(deps: AccountDeps) -> Blueprint:
    """Return the page at `/account/methods`."""
    page = AccountPage(PATH, lambda visit: _show(deps, visit), answer=lambda visit: _answer(deps, visit))
    return account_pages(deps, "account_methods", page)


def _show(deps: AccountDeps, visit: AccountVisit) -> View:
    with deps.step.database.read() as connection:
        keys = passkeys.find_all(connection, visit.account_id)
        codes_left = recovery.count_left(connection, visit.account_id)
    values = {
        "passkeys": keys,
        "enrolled": visit.enrolled,
        "codes_left": codes_left,
        "may_add": may_add_factor(deps, visit),
        "may_remove_generator": visit.enrolled.has(PASSKEY),
        "spare": {key.passkey_id for key in keys if is_spare(key, keys, visit.enrolled)},
    }
    return show(deps, visit, PAGE, values)


def _answer(deps: AccountDeps, visit: AccountVisit) -> Response:
    action, passkey_id = request.form.get("action", ""), request.form.get("passkey", "")
    if action == "rename":
        return _rename(deps, visit, passkey_id, request.form.get("name", ""))
    if action == "remove_passkey":
        return _remove_passkey(deps, visit, passkey_id)
    if action == "remove_generator":
        return _remove_generator(deps, visit)
    return go_to(PATH)


def _rename(deps: AccountDeps, visit: AccountVisit, passkey_id: str, typed_name: str) -> Response:
    name = parse_name(typed_name)
    if not name:
        return go_to(PATH)
    with change(deps, visit) as connection:
        is_renamed = passkeys.rename(connection, visit.account_id, passkey_id, name)
        if is_renamed:
            record(deps, connection, visit, PASSKEY_RENAMED, name)
    return go_on(deps, visit, PATH, confirmation.PASSKEY_RENAMED) if is_renamed else go_to(PATH)


def _remove_passkey(deps: AccountDeps, visit: AccountVisit, passkey_id: str) -> Response:
    with change(deps, visit) as connection:
        name = remove_passkey(connection, visit.account_id, passkey_id)
        if name is not None:
            record(deps, connection, visit, PASSKEY_REMOVED, name)
    if name is None:
        return go_to(PATH)
    return after_change(deps, visit, PATH, confirmation.PASSKEY_REMOVED)


def _remove_generator(deps: AccountDeps, visit: AccountVisit) -> Response:
    with change(deps, visit) as connection:
        is_removed = remove_generator(connection, visit.account_id)
        if is_removed:
            record(deps, connection, visit, GENERATOR_REMOVED)
    if not is_removed:
        return go_to(PATH)
    return after_change(deps, visit, PATH, confirmation.GENERATOR_REMOVED)
