"""Ending a client, and ending the use of an API's address: nothing of either is left for whoever comes after.

What stops both is one row, checked wherever a token, a code or a consent is used. The rows that are ended after it, in
short transactions, are then worth nothing already: so a code that a node redeems meanwhile leaves nothing alive.
"""

from collections.abc import Iterable

from authserver.authorization.store import REQUESTS_OF_CLIENT, VISITS_OF_CLIENT
from authserver.clients.store import list_resource_servers, resources_of
from authserver.db.engine import Connection, Database
from authserver.grants.store.consents import CONSENTS_OF_CLIENT, CONSENTS_TO_RESOURCE
from authserver.grants.store.devices import DEVICES_OF_CLIENT
from authserver.grants.store.records import GRANTS_OF_CLIENT, GRANTS_TO_RESOURCE
from authserver.grants.store.tokens import revoke_access_tokens_for
from authserver.protocol.stored_json import dump_json

_BECAUSE_CLIENT = "client_deleted"
_BECAUSE_RESOURCE = "resource_given_up"


def end_what_is_left(database: Database, client_id: str, resources: Iterable[str], now: int) -> int:
    """End all that a deleted client has under way and was allowed; return how many rows that were.

    `resources` are the addresses that it was the API of, which are given up.

    Spec: RFC7009-2.1, RFC9126-7.4
    """
    values = {"client": client_id, "now": now}
    ended = REQUESTS_OF_CLIENT.run(database, values) + VISITS_OF_CLIENT.run(database, values)
    ended += DEVICES_OF_CLIENT.run(database, {"client": client_id})
    ended += CONSENTS_OF_CLIENT.run(database, values)
    ended += GRANTS_OF_CLIENT.run(database, {**values, "because": _BECAUSE_CLIENT})
    give_up_resources(database, resources, now)
    return ended


def give_up_resources(database: Database, resources: Iterable[str], now: int) -> None:
    """End what was granted for addresses that no API is registered under any more, by name.

    So that nobody who is registered under one later gets what people allowed the API before. What names no address is
    for every API that serves the scope, and stays.

    Spec: RFC8707-2, RFC8707-2.2
    """
    for resource in resources:
        with database.transaction() as connection:
            if resource in _registered_resources(connection):
                continue
            revoke_access_tokens_for(connection, resource, now)
        values = {"resource": dump_json(resource), "now": now}
        CONSENTS_TO_RESOURCE.run(database, values)
        GRANTS_TO_RESOURCE.run(database, {**values, "because": _BECAUSE_RESOURCE})


def _registered_resources(connection: Connection) -> frozenset[str]:
    records = list_resource_servers(connection)
    return frozenset(name for record in records for name in resources_of(record.metadata))
