"""Ending a client, and ending the use of an API's address: nothing of either is left for whoever comes after.

What stops both is one row, checked wherever a token, a code or a consent is used. The rows that are ended after it, in
short transactions, are then worth nothing already: so a code that a node redeems meanwhile leaves nothing alive.
"""

from collections.abc import Iterable

from authserver.authorization.store import REQUESTS_OF_CLIENT, VISITS_OF_CLIENT
from authserver.clients.store import delete_client as leave_tombstone
from authserver.clients.store import find_deleted_resources, list_resource_servers, resources_of
from authserver.db.engine import Connection, Database
from authserver.grants.store.consents import CONSENTS_OF_CLIENT, CONSENTS_TO_RESOURCE
from authserver.grants.store.records import GRANTS_OF_CLIENT, GRANTS_TO_RESOURCE
from authserver.grants.store.tokens import revoke_access_tokens_for
from authserver.protocol.stored_json import dump_json

_BECAUSE_CLIENT = "client_deleted"
_BECAUSE_RESOURCE = "resource_given_up"


def delete_client(database: Database, client_id: str, now: int) -> bool:
    """Delete a client for good, with all that people allowed it and all it has under way; return whether it was there.

    Its id is never given again. An API's addresses are given up with it. Asked for again it ends what was left, should
    the first have been stopped halfway, and returns whether there was any.

    Spec: RFC7009-2.1, RFC9126-7.4, RFC7591-5
    """
    with database.transaction() as connection:
        was_there = leave_tombstone(connection, client_id, now)
        resources = find_deleted_resources(connection, client_id)
    if resources is None:
        return False
    values = {"client": client_id, "now": now}
    ended = REQUESTS_OF_CLIENT.run(database, values) + VISITS_OF_CLIENT.run(database, values)
    ended += CONSENTS_OF_CLIENT.run(database, values)
    ended += GRANTS_OF_CLIENT.run(database, {**values, "because": _BECAUSE_CLIENT})
    give_up_resources(database, resources, now)
    return was_there or ended > 0


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
