"""The clients as the hot paths see them: parsed once, kept for a moment, read again after it."""

import re
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock

from authserver.clients.load import ClientCache, load_client
from authserver.clients.metadata import CLIENT_ID
from authserver.clients.model import Client, ResourceServer
from authserver.clients.store import ClientRecord, find_client, list_resource_servers
from authserver.clock import Clock, is_fresh
from authserver.db.engine import Database
from authserver.profiles.model import Profile
from authserver.values import replace

FRESH_SECONDS = 2
_CLIENT_ID = re.compile(CLIENT_ID)
_MAX_CLIENTS = 10_000


@dataclass(slots=True)
class ClientRegistry:
    """Finds clients by id; what it answers is at most FRESH_SECONDS old, so that a disabled client is out by then.

    A client is parsed, and its keys imported, only when its row has changed; a version alone would not tell a client
    from the one deleted before it under the same id. `profiles` are those of the deployment: a client registered under
    one that it has given up is out too. `detail_types` are the types of authorization details that the deployment
    offers: of a registration with others only these count.
    """

    database: Database
    clock: Clock
    profiles: frozenset[Profile]
    detail_types: frozenset[str]
    _clients: OrderedDict[str, tuple[int, ClientRecord, Client]] = field(default_factory=OrderedDict)
    _apis: ClientCache = field(default_factory=ClientCache)
    _resource_servers: tuple[int, tuple[ResourceServer, ...]] | None = None
    _audiences: tuple[tuple[ResourceServer, ...], frozenset[str]] | None = None
    _lock: Lock = field(default_factory=Lock)

    def find(self, client_id: str) -> Client | None:
        """Return the client, or None where there is none, it is disabled, or of no profile of this deployment."""
        client = self.find_any(client_id)
        return None if client is None or client.disabled or client.profile not in self.profiles else client

    def find_any(self, client_id: str) -> Client | None:
        """Return the client, disabled or not, or None; what no client id can be is not looked up.

        Spec: RFC6749-10.14-1
        """
        now = self.clock()
        cached = self._clients.get(client_id)
        if cached is not None and is_fresh(cached[0], FRESH_SECONDS, now):
            return cached[2]
        if not is_client_id(client_id):
            return None
        with self.database.read() as connection:
            record = find_client(connection, client_id)
        if record is None:
            with self._lock:
                self._clients.pop(client_id, None)
            return None
        client = cached[2] if cached is not None and cached[1] == record else self._offered(load_client(record))
        self._remember(record, client, now)
        return client

    def resource_servers(self) -> tuple[ResourceServer, ...]:
        """Return every enabled resource server."""
        now = self.clock()
        cached = self._resource_servers
        if cached is not None and is_fresh(cached[0], FRESH_SECONDS, now):
            return cached[1]
        with self.database.read() as connection:
            records = list_resource_servers(connection)
        apis = [self._offered(api) for api in self._apis.load(records)]
        servers = tuple(api.resource_server for api in apis if api.resource_server is not None)
        if cached is not None and cached[1] == servers:
            servers = cached[1]  # the same value, so that what was made of it still holds
        self._resource_servers = (now, servers)
        return servers

    def audiences(self) -> frozenset[str]:
        """Return every audience of an enabled resource server."""
        servers = self.resource_servers()
        if self._audiences is None or self._audiences[0] is not servers:
            self._audiences = (servers, frozenset(name for server in servers for name in server.audiences))
        return self._audiences[1]

    def forget(self, client_id: str) -> None:
        """Drop what is kept of a client and of all resource servers, so that the next look reads them again."""
        with self._lock:
            self._clients.pop(client_id, None)
            self._resource_servers = None

    def _offered(self, client: Client) -> Client:
        """Return a client with those of its types of authorization details that the deployment offers.

        Spec: RFC9396-10
        """
        api, types = client.resource_server, self.detail_types
        if client.authorization_details_types <= types and (api is None or api.authorization_details_types <= types):
            return client
        if api is not None:
            api = replace(api, authorization_details_types=api.authorization_details_types & types)
        return replace(
            client, authorization_details_types=client.authorization_details_types & types, resource_server=api
        )

    def _remember(self, record: ClientRecord, client: Client, now: int) -> None:
        """Keep a client; beyond the bound the one that was read longest ago makes room, and no other."""
        with self._lock:
            self._clients[client.client_id] = (now, record, client)
            self._clients.move_to_end(client.client_id)
            if len(self._clients) > _MAX_CLIENTS:
                self._clients.popitem(last=False)


def is_client_id(text: str) -> bool:
    """Return whether a text can be a client id.

    Spec: RFC6749-10.14-1
    """
    return _CLIENT_ID.fullmatch(text) is not None
