"""What the application refuses to be built with."""

import pytest

from authserver.app.create import create_app
from authserver.db.engine import Database
from authserver.keys.store import provision_keys
from authserver.sealing.master_key import MasterKeyEnvelope
from authserver.values import replace
from tests.support.authority import NOW
from tests.support.deployment import deploy
from tests.support.key_pool import MASTER_KEY


@pytest.mark.spec("RFC8414-2", "FAPI2-SP-FINAL-5.4.1-1")
def test_metadata_that_its_models_refuse_stops_the_start(sqlite_database: Database, sqlite_url: str) -> None:
    settings = deploy(sqlite_database, sqlite_url).app.extensions["authserver"].settings
    with sqlite_database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM signing_keys")
        provision_keys(connection, MasterKeyEnvelope(MASTER_KEY), ("RS256",), NOW)

    with pytest.raises(ValueError, match="id_token_signing_alg_values_supported"):
        create_app(replace(settings, profiles=("fapi2",)), clock=lambda: NOW)


def test_a_database_without_keys_yet_stops_no_start(sqlite_database: Database, sqlite_url: str) -> None:
    settings = deploy(sqlite_database, sqlite_url).app.extensions["authserver"].settings
    with sqlite_database.transaction() as connection:
        connection.exec_driver_sql("DELETE FROM signing_keys")

    app = create_app(settings, clock=lambda: NOW)

    assert app.test_client().get("/healthz").status_code == 200
