"""The apps that a person shares data with: what each may see, since when, when last, and the end of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, request

from authserver.accounts import activities
from authserver.accounts.activities import note
from authserver.grants.revoke import end_sharing
from authserver.grants.store.sharing import Shared, find_shared
from authserver.interaction.detail_clusters import describe_allowed
from authserver.interaction.guard import Party, party_of
from authserver.interaction.scope_words import DataCluster, describe_claims, describe_scopes
from authserver.notices.model import SHARING_ENDED
from authserver.protocol.errors import InvalidRequest
from authserver.selfservice.guard import AccountDeps, Visit, check_form, go_to, open_visit, report, show, tell

PAGE = "apps"
PATH = "/account/apps"


@dataclass(frozen=True, slots=True)
class ConnectedApp:
    """One app as it is shown; `party` is None for one that is gone or disabled."""

    client_id: str
    name: str
    party: Party | None
    clusters: tuple[DataCluster, ...]
    since: int
    until: int
    last_used_at: int


def apps_page(deps: AccountDeps, scope_descriptions: Mapping[str, str]) -> Blueprint:
    """Return the page at `/account/apps`."""
    blueprint = Blueprint("account_apps", __name__)

    @blueprint.get(PATH)
    def ask() -> Response:
        visit = open_visit(deps)
        with deps.step.database.read() as connection:
            shared = find_shared(connection, visit.account_id, visit.now)
        described = (_describe(deps, each, scope_descriptions) for each in shared)
        apps = [app for app in described if app.clusters]  # a payment is over: there is nothing left to stop
        asked = request.args.get("stop", "")
        stopping = next((app for app in apps if app.client_id == asked), None)
        return show(deps, visit, PAGE, {"apps": apps, "stopping": stopping})

    @blueprint.post(PATH)
    def answer() -> Response:
        visit = open_visit(deps)
        check_form(deps, visit)
        _stop(deps, visit, request.form.get("client", ""))
        return go_to(PATH)

    return blueprint


def _stop(deps: AccountDeps, visit: Visit, client_id: str) -> None:
    """End everything that this person shares with an app, at once.

    Spec: ASVS5-10.7.3, RFC7009-2.1
    """
    if not client_id:
        raise InvalidRequest("No app was named.", clause="ASVS5-10.7.3")
    client = deps.step.find_client(client_id)
    with deps.step.database.transaction() as connection:
        is_shared = any(each.client_id == client_id for each in find_shared(connection, visit.account_id, visit.now))
        ended = end_sharing(connection, visit.account_id, client_id, "revoked_by_person", visit.now)
        if is_shared or ended:
            note(connection, visit.account_id, activities.SHARING_ENDED, visit.now, client_id)
            tell(deps, connection, visit, SHARING_ENDED, client.client_name if client else client_id)
    if is_shared or ended:
        report(deps, visit, SHARING_ENDED)


def _describe(deps: AccountDeps, shared: Shared, scope_descriptions: Mapping[str, str]) -> ConnectedApp:
    client = deps.step.find_client(shared.client_id)
    uri = client.redirect_uris[0] if client is not None and client.redirect_uris else ""
    return ConnectedApp(
        client_id=shared.client_id,
        name=client.client_name if client else shared.client_id,
        party=party_of(client, uri) if client else None,
        clusters=(
            *describe_scopes(shared.scope, scope_descriptions),
            *describe_claims(shared.claims, shared.scope),
            *describe_allowed(shared.details),
        ),
        since=shared.since,
        until=shared.until,
        last_used_at=shared.last_used_at,
    )
