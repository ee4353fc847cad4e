"""The apps that a person allows something: each permission for itself, with its limits, its end and its own button."""

from collections.abc import Iterator

from flask import Blueprint, abort, request

from authserver.accounts.store.people import hold_account
from authserver.db.engine import Connection
from authserver.events.catalogue import PAYMENTS_ENDED, SHARING_ENDED
from authserver.events.model import Event
from authserver.grants.revoke import end_sharing
from authserver.grants.store.sharing import end_one, find_permission_id, find_permissions
from authserver.interaction.scope_words import ScopeDescriptions
from authserver.protocol.errors import InvalidRequest
from authserver.selfservice import confirmation
from authserver.selfservice.account_page import (
    AccountDeps,
    AccountPage,
    AccountVisit,
    account_pages,
    event_of,
    go_on,
    go_to,
    show,
)
from authserver.selfservice.permissions import PAYMENTS, ConnectedApp, describe_apps
from authserver.values import Value, replace
from authserver.web.pages.form_page import Reply, View

PAGE = "apps"
PATH = "/account/apps"
_BECAUSE = "revoked_by_person"
_NOT_FOUND = 404


class _Stopping(Value, frozen=True):
    """What is about to be stopped: one permission of an app, or all that it has, and whether it keeps others."""

    app: ConnectedApp
    is_all: bool
    keeps_others: bool


def apps_page(deps: AccountDeps, scope_descriptions: ScopeDescriptions) -> Blueprint:
    """Return the page at `/account/apps`."""
    page = AccountPage(
        PATH,
        show=lambda visit: _show(deps, visit, scope_descriptions),
        answer=lambda visit: _answer(deps, visit, scope_descriptions),
        fresh_to_answer=False,  # whoever wants to stop an app is not kept from it
    )
    return account_pages(deps, "account_apps", page)


def _show(deps: AccountDeps, visit: AccountVisit, scope_descriptions: ScopeDescriptions) -> View:
    with deps.step.database.read() as connection:
        apps = _find_apps(deps, connection, visit, scope_descriptions)
        permission_id, client_id = request.args.get("permission", ""), request.args.get("stop", "")
        stopping = _find(connection, visit, apps, permission_id) if permission_id else _find_all(apps, client_id)
    return show(deps, visit, PAGE, {"apps": apps, "stopping": stopping})


def _answer(deps: AccountDeps, visit: AccountVisit, scope_descriptions: ScopeDescriptions) -> Reply:
    permission_id, client_id = request.form.get("permission", ""), request.form.get("client", "")
    if not (permission_id or client_id):
        raise InvalidRequest("No permission was named.", clause="ASVS5-10.7.3")
    with deps.step.database.transaction() as connection:
        hold_account(connection, visit.account_id)  # of two clicks on one button the second finds it done
        apps = _find_apps(deps, connection, visit, scope_descriptions)
        stopping = _find(connection, visit, apps, permission_id) if permission_id else _find_all(apps, client_id)
        _stop(connection, visit, stopping, "" if permission_id else client_id)  # of both, the narrower counts
        for event in _events(visit, stopping):
            deps.step.journal.record(connection, event)
    if stopping is None:
        return go_to(PATH)
    return go_on(deps, visit, PATH, _done(stopping))


def _find_apps(
    deps: AccountDeps, connection: Connection, visit: AccountVisit, scope_descriptions: ScopeDescriptions
) -> tuple[ConnectedApp, ...]:
    found = find_permissions(connection, visit.account_id, visit.now)
    return describe_apps(found, deps.step.find_client, scope_descriptions, visit.now)


def _find(
    connection: Connection, visit: AccountVisit, apps: tuple[ConnectedApp, ...], permission_id: str
) -> _Stopping | None:
    """Return one permission to be stopped, or nothing where this person stopped it before, as with a double click.

    Spec: ASVS5-8.2.2, ASVS5-10.7.3
    """
    found = find_permission_id(connection, visit.account_id, permission_id, visit.now)
    return None if found == "" else _find_one(apps, found)


def _find_one(apps: tuple[ConnectedApp, ...], permission_id: str | None) -> _Stopping:
    """Return one permission to be stopped; another person's is as unknown as one that never was.

    Spec: ASVS5-8.2.2, ASVS5-10.7.3
    """
    found = ((app, each) for app in apps for each in app.permissions if each.permission_id == permission_id)
    app, permission = next(found, (None, None))
    if app is None or permission is None:
        abort(_NOT_FOUND)
    keeps_others = len(app.permissions) > 1
    return _Stopping(replace(app, permissions=(permission,)), is_all=False, keeps_others=keeps_others)


def _find_all(apps: tuple[ConnectedApp, ...], client_id: str) -> _Stopping | None:
    app = next((app for app in apps if app.client_id == client_id), None)
    return None if app is None else _Stopping(app, is_all=True, keeps_others=False)


def _stop(connection: Connection, visit: AccountVisit, stopping: _Stopping | None, client_id: str) -> None:
    """End what was named, at once: exactly that, or all that an app has.

    Spec: ASVS5-10.7.3, RFC7009-2.1
    """
    if stopping is None or stopping.is_all:
        end_sharing(connection, visit.account_id, client_id, _BECAUSE, visit.now)
    else:
        [permission] = stopping.app.permissions
        end_one(connection, visit.account_id, permission.permission_id, _BECAUSE, visit.now)


def _events(visit: AccountVisit, stopping: _Stopping | None) -> Iterator[Event]:
    """Yield an event for each permission that ended; letters tell of payments each, and of data once for the app."""
    if stopping is None:
        return
    app, is_told = stopping.app, False
    for each in app.permissions:
        pays = each.kind == PAYMENTS
        named = replace(event_of(visit, PAYMENTS_ENDED, each.summary), client=app.client_id)
        if pays:
            yield replace(named, letter_name=f"{app.name}: {each.summary}")
        if each.shares_too or not pays:
            yield replace(named, kind=SHARING_ENDED, letter_name=app.name, is_quiet=is_told)
            is_told = True


def _done(stopping: _Stopping) -> str:
    if stopping.is_all and len(stopping.app.permissions) > 1:
        return confirmation.ALL_ENDED
    [permission] = stopping.app.permissions
    if permission.kind != PAYMENTS:
        return confirmation.SHARING_ENDED
    return confirmation.ALL_ENDED if permission.shares_too else confirmation.PAYMENTS_ENDED
