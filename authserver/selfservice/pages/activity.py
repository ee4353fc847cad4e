"""What happened to the account, and all that is kept about the person, to take away."""

import re
from collections.abc import Iterator

import orjson
from flask import Blueprint, Response, request

from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.store import describe_all
from authserver.accounts.factors.table import METHODS
from authserver.db.engine import Connection, Database
from authserver.events.catalogue import DATA_DOWNLOADED, SECOND_FACTOR_SUCCEEDED, SIGN_IN_SUCCEEDED
from authserver.events.store import Activity, PageCursor, find_from, find_recent
from authserver.grants.store.sharing import find_permissions
from authserver.protocol.names import OWN_CLIENT_ID
from authserver.selfservice.account_page import AccountDeps, AccountPage, AccountVisit, account_pages, record, show
from authserver.selfservice.words import OTHER_ACTIVITY
from authserver.sessions import store as sessions
from authserver.web.machine.responses import NO_STORE
from authserver.web.pages.form_page import View

PAGE = "activity"
_MOST_SHOWN = 100
_MOST_PAGES = 100
_READ_AT_ONCE = 1_000  # of what a person takes away, so that a long life fits into memory
_NUMBER = re.compile(r"[1-9][0-9]{0,2}")


def activity_page(deps: AccountDeps) -> Blueprint:
    """Return the pages at `/account/activity` and `/account/data`."""
    listed = AccountPage("/account/activity", lambda visit: _show(deps, visit))
    data = AccountPage("/account/data", lambda visit: _download(deps, visit), fresh_to_see=True)
    return account_pages(deps, "account_activity", listed, data)


def _show(deps: AccountDeps, visit: AccountVisit) -> View:
    number = _page_number(request.args.get("page", ""))
    skipped = (number - 1) * _MOST_SHOWN
    with deps.step.database.read() as connection:
        found = find_recent(connection, visit.account_id, visit.now, _MOST_SHOWN + 1, skipped=skipped)
    more, is_last_page = len(found) > _MOST_SHOWN, number == _MOST_PAGES
    values = {
        "activities": [_describe(deps, each) for each in found[:_MOST_SHOWN]],
        "newer": number - 1,
        "older": number + 1 if more and not is_last_page else 0,
        "is_cut_short": more and is_last_page,
    }
    return show(deps, visit, PAGE, values)


def _download(deps: AccountDeps, visit: AccountVisit) -> Response:
    with deps.step.database.transaction() as connection:
        document = _document(connection, visit)
        begun = find_from(connection, visit.account_id, visit.now, _READ_AT_ONCE, PageCursor())
        record(deps, connection, visit, DATA_DOWNLOADED)
    headers = [
        ("Content-Type", "application/json"),
        ("Content-Disposition", 'attachment; filename="my-data.json"'),
        *NO_STORE,
    ]
    return Response(_written(document, _all_activities(deps.step.database, visit, begun)), 200, headers)


def _page_number(text: str) -> int:
    """Return the page that an address asks for, the first where it asks for none that there is."""
    number = int(text) if _NUMBER.fullmatch(text) else 1
    return number if number <= _MOST_PAGES else 1


def _describe(deps: AccountDeps, activity: Activity) -> dict[str, object]:
    client_id = activity.client_id if activity.client_id != OWN_CLIENT_ID else None
    client = deps.step.find_client(client_id) if client_id else None
    kind = activity.kind
    is_sign_in = kind in {SIGN_IN_SUCCEEDED, SECOND_FACTOR_SUCCEEDED}
    method, _, browser = activity.thing.partition(" ")
    return {
        "words": (kind.words if kind else None) or OTHER_ACTIVITY,
        "at": activity.happened_at,
        "app": client.client_name if client else client_id or "",
        "method": METHODS[method].words if is_sign_in and method in METHODS else "",
        "detail": browser if is_sign_in else activity.thing,
    }


def _document(connection: Connection, visit: AccountVisit) -> dict[str, object]:
    """Return all that is kept about a person and may be shown: no hash, no key, no seed."""
    account, account_id = visit.account, visit.account_id
    return {
        "account": {
            "account_id": account_id,
            "username": account.username,
            "created_at": account.created_at,
            "claims": dict(account.claims),
        },
        "sign_in_methods": {
            "password": visit.enrolled.has(PASSWORD),
            **describe_all(connection, account_id, visit.enrolled),
        },
        "sessions": [
            {"browser": found.browser, "since": found.created_at, "last_seen_at": found.last_seen_at}
            for found in sessions.find_all(connection, account_id, visit.now)
        ],
        "connected_apps": [
            {
                "permission_id": shared.permission_id,
                "client_id": shared.client_id,
                "scope": shared.scope,
                "claims": shared.claims,
                "authorization_details": shared.details,
                "since": shared.since,
                "until": shared.until,
                "last_used_at": shared.last_used_at or None,
            }
            for shared in find_permissions(connection, account_id, visit.now)
        ],
    }


def _all_activities(
    database: Database, visit: AccountVisit, begun: tuple[list[Activity], PageCursor | None]
) -> Iterator[list[Activity]]:
    """Yield every activity that is kept, some at a time; each later read is a short transaction of its own."""
    found, place = begun
    while True:
        yield found
        if place is None:
            return
        with database.read() as connection:
            found, place = find_from(connection, visit.account_id, visit.now, _READ_AT_ONCE, place)


def _listed(activity: Activity) -> dict[str, object]:
    return {
        "name": activity.name,
        "happened_at": activity.happened_at,
        "client_id": activity.client_id,
        "detail": activity.thing,
    }


def _written(document: dict[str, object], parts: Iterator[list[Activity]]) -> Iterator[bytes]:
    """Yield the file: the document as its members, and `activities` as the last of them."""
    yield orjson.dumps(document, option=orjson.OPT_INDENT_2).removesuffix(b"\n}") + b',\n  "activities": ['
    separator = b"\n    "
    for part in parts:
        for activity in part:
            yield separator + orjson.dumps(_listed(activity))
            separator = b",\n    "
    yield b"\n  ]\n}\n"
