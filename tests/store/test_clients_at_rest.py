"""What is read of clients every other second costs by what has changed, and not by how many there are."""

import pytest

from authserver.clients import load, registry
from authserver.clients.load import ClientCache, load_client, registered_certificates
from authserver.clients.model import Client
from authserver.clients.registry import FRESH_SECONDS, ClientRegistry
from authserver.clients.store import ClientRecord, find_client, insert_client, replace_metadata, set_disabled
from authserver.db.engine import Database
from authserver.profiles.catalogue import PROFILES
from tests.support.authority import NOW, common_name, self_signed
from tests.support.jose import private_key, public_jwk
from tests.support.relying_party import certificate_jwk


class Loads:
    """Counts the clients that are parsed from their rows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.ids: list[str] = []
        for module in (load, registry):
            monkeypatch.setattr(module, "load_client", self._load)

    def _load(self, record: ClientRecord) -> Client:
        self.ids.append(record.client_id)
        return load_client(record)

    def taken(self) -> list[str]:
        """Return which were parsed since this was last asked."""
        found, self.ids = self.ids, []
        return found


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> Loads:
    """The clients that are parsed."""
    return Loads(monkeypatch)


def add(database: Database, client_id: str, **members: object) -> None:
    """Store a client as a registration leaves it."""
    jwks = {"keys": [public_jwk(private_key("ES256"), kid="one")]}
    document = {"profile": "fapi2", "grant_types": ["client_credentials"], "jwks": jwks, **members}
    with database.transaction() as connection:
        assert insert_client(connection, client_id, document, None, NOW)


def change(database: Database, client_id: str, **members: object) -> None:
    """Change members of a stored client."""
    with database.transaction() as connection:
        record = find_client(connection, client_id)
        assert record is not None
        assert replace_metadata(connection, client_id, {**record.metadata, **members})


def registry_of(database: Database, times: list[int]) -> ClientRegistry:
    """Return a registry by a clock that stands."""
    return ClientRegistry(database, lambda: times[0], frozenset(PROFILES.values()), frozenset())


def test_a_full_registry_gives_up_one_client_and_keeps_the_rest(
    database: Database, loads: Loads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "_MAX_CLIENTS", 3)
    times, names = [NOW], ["one", "two", "three", "four"]
    for name in names:
        add(database, name)
    clients = registry_of(database, times)
    for name in names[:3]:
        assert clients.find(name)
    assert loads.taken() == names[:3]

    times[0] += FRESH_SECONDS
    for name in names[:3]:
        assert clients.find(name)
    assert loads.taken() == [], "a client is looked up again, and nothing has changed"

    assert clients.find("four")
    for name in ("two", "three", "four", "one"):
        assert clients.find(name)
    assert loads.taken() == ["four", "one"]


def test_apis_are_parsed_again_where_they_changed(database: Database, loads: Loads) -> None:
    times, names = [NOW], [f"api-{number}" for number in range(4)]
    for name in names:
        add(database, name, resource=[f"https://{name}.example/"], resource_scopes="accounts")
    clients = registry_of(database, times)
    before, audiences = clients.resource_servers(), clients.audiences()
    assert loads.taken() == names

    times[0] += FRESH_SECONDS
    assert clients.resource_servers() is before
    assert clients.audiences() is audiences
    assert loads.taken() == []

    change(database, "api-2", resource_scopes="payments")
    times[0] += FRESH_SECONDS
    assert [server.scopes for server in clients.resource_servers()].count(frozenset({"payments"})) == 1
    assert loads.taken() == ["api-2"]

    with database.transaction() as connection:
        set_disabled(connection, "api-0", times[0])
    times[0] += FRESH_SECONDS
    assert len(clients.resource_servers()) == len(names) - 1
    assert "https://api-0.example/" not in clients.audiences()
    assert loads.taken() == []


def test_an_api_that_todays_rules_refuse_takes_no_other_with_it(database: Database, loads: Loads) -> None:
    times = [NOW]
    for name in ("before", "broken", "later"):
        add(database, name, resource=[f"https://{name}.example/"], resource_scopes="accounts")
    change(database, "broken", jwks={"keys": []})
    clients = registry_of(database, times)
    for _ in range(2):
        assert clients.audiences() == {"https://before.example/", "https://later.example/"}
        times[0] += FRESH_SECONDS
    assert loads.taken() == ["before", "broken", "later"]
    change(database, "broken", jwks={"keys": [public_jwk(private_key("ES256"))]})
    assert "https://broken.example/" in clients.audiences()


@pytest.mark.spec("RFC8705-2.2")
def test_only_clients_with_certificates_are_parsed_for_them(database: Database, loads: Loads) -> None:
    certificates = {}
    for name in ("signed-1", "signed-2", "signed-3"):
        credential = self_signed(common_name(name), NOW)
        certificates[name] = credential.der
        jwks = {"keys": [certificate_jwk(credential)]}
        add(database, name, token_endpoint_auth_method="self_signed_tls_client_auth", jwks=jwks)
    for number in range(20):
        add(database, f"other-{number}", client_name='no "x5c" of its own')
    kept = ClientCache()

    def read() -> set[bytes]:
        with database.read() as connection:
            return set(registered_certificates(connection, kept))

    assert read() == set(certificates.values())
    assert loads.taken() == list(certificates)
    assert read() == set(certificates.values())
    assert loads.taken() == []

    change(database, "signed-1", jwks={"keys": []})
    with database.transaction() as connection:
        set_disabled(connection, "signed-3", NOW)
    assert read() == {certificates["signed-2"]}
    assert loads.taken() == []
