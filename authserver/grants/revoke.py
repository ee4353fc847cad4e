"""Taking back what a person allowed: consents and, with them, every grant, code and token that came of them."""

from authserver.db.engine import Connection
from authserver.grants.store.consents import revoke_consents
from authserver.grants.store.records import revoke_grants


def end_sharing(connection: Connection, account_id: str, client_id: str | None, because: str, now: int) -> int:
    """End what a person allowed one client, or all of them, at once; return how many grants ended.

    Spec: ASVS5-10.4.9, ASVS5-10.7.3
    """
    revoke_consents(connection, account_id, client_id, now)
    return revoke_grants(connection, account_id, client_id, because, now)
