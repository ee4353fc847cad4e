"""What an operator does to end someone's access."""

from authserver.accounts.store import people as accounts
from authserver.clients.registry import FRESH_SECONDS
from authserver.clients.store import set_disabled
from tests.support.deployment import Deployment


def lock_person(deployment: Deployment, username: str = "alice") -> None:
    """Lock an account."""
    with deployment.database.transaction() as connection:
        account = accounts.find_by_username(connection, username)
        assert account is not None
        assert accounts.lock(connection, account.account_id, deployment.now)


def disable_client(deployment: Deployment, client_id: str) -> None:
    """Disable a client, and wait until every server has noticed."""
    with deployment.database.transaction() as connection:
        assert set_disabled(connection, client_id, deployment.now)
    deployment.wait(FRESH_SECONDS)
