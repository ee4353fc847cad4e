"""Permissions in words: what each lets an app do, its limits and its end, for the page of connected apps."""

from collections.abc import Callable, Iterable

from authserver.clients.model import Client
from authserver.grants.store.sharing import Permission
from authserver.interaction.detail_clusters import describe_allowed
from authserver.interaction.requester import Requester, requester_of
from authserver.interaction.scope_words import DataCluster, ScopeDescriptions, describe_claims, describe_scopes
from authserver.protocol.claims import SCOPE_CLAIMS
from authserver.protocol.details.model import DetailWords
from authserver.protocol.details.registry import describe_detail, is_single_use, last_moment, type_of
from authserver.values import Value
from authserver.web.pages.formats import money
from authserver.web.pages.i18n import current_language

PAYMENTS = "payments"
DATA = "data"
SIGN_IN = "sign_in"
FindClient = Callable[[str], Client | None]

_OF_A_SIGN_IN = frozenset({"openid", "offline_access", *SCOPE_CLAIMS})
_SAID_BY_LIMITS = frozenset({"openid", "payments"})


class PermissionShown(Value, frozen=True):
    """One permission as it is shown: `mandates` are payments to come with their limits, `clusters` is all else.

    `kind` is what it is at its heart, and chooses the words; `shares_too`: payments and data were allowed together.
    """

    permission_id: str
    kind: str
    mandates: tuple[DetailWords, ...]
    clusters: tuple[DataCluster, ...]
    shares_too: bool
    since: int
    until: int
    last_used_at: int

    @property
    def summary(self) -> str:
        """Return what tells it from others of its app: amount and payee of payments, else nothing."""
        texts = (f"{money(*_amount(words), current_language())} · {words.payee}" for words in self.mandates)
        return ", ".join(texts)


class ConnectedApp(Value, frozen=True):
    """One app with all that it is allowed; `party` is None for one that is gone or disabled."""

    client_id: str
    name: str
    party: Requester | None
    permissions: tuple[PermissionShown, ...]


def describe_apps(
    permissions: Iterable[Permission], find_client: FindClient, scope_descriptions: ScopeDescriptions, now: int
) -> tuple[ConnectedApp, ...]:
    """Return each app with its permissions: what is over, as a single payment is, leaves nothing to stop."""
    of_app: dict[str, list[PermissionShown]] = {}
    for each in permissions:
        ends_at = last_moment(each.details)
        if not is_single_use(each.details) and (ends_at is None or now < ends_at):
            of_app.setdefault(each.client_id, []).append(_shown(each, ends_at, scope_descriptions))
    return tuple(_app(client_id, tuple(found), find_client) for client_id, found in of_app.items())


def _app(client_id: str, permissions: tuple[PermissionShown, ...], find_client: FindClient) -> ConnectedApp:
    client = find_client(client_id)
    uri = client.redirect_uris[0] if client is not None and client.redirect_uris else ""
    party = requester_of(client, uri) if client else None
    return ConnectedApp(client_id, client.client_name or client_id if client else client_id, party, permissions)


def _shown(permission: Permission, ends_at: int | None, scope_descriptions: ScopeDescriptions) -> PermissionShown:
    payments = tuple(detail for detail in permission.details if type_of(detail).is_payment)
    others = tuple(detail for detail in permission.details if not type_of(detail).is_payment)
    # Beside limits that say it all, the scopes of a payment say nothing more.
    scope = tuple(each for each in permission.scope if not (payments and each in _SAID_BY_LIMITS))
    clusters = (
        *describe_scopes(scope, scope_descriptions, current_language()),
        *describe_claims(permission.claims, permission.scope),
        *describe_allowed(others),
    )
    is_sign_in = not permission.details and set(permission.scope) <= _OF_A_SIGN_IN
    return PermissionShown(
        permission_id=permission.permission_id,
        kind=PAYMENTS if payments else SIGN_IN if is_sign_in else DATA,
        mandates=tuple(describe_detail(detail) for detail in payments),
        clusters=clusters,
        shares_too=bool(payments and clusters),
        since=permission.since,
        until=permission.until if ends_at is None else min(permission.until, ends_at - 1),
        last_used_at=permission.last_used_at,
    )


def _amount(words: DetailWords) -> tuple[str, str]:
    return (words.amount.amount, words.amount.currency) if words.amount is not None else ("0", "")
