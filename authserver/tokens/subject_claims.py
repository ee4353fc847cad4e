"""What is read of a person for an ID token, and only where something is."""

from collections.abc import Mapping

from authserver.accounts.store import people as accounts
from authserver.db.engine import Connection
from authserver.grants.model import Grant


def claims_for_id_token(connection: Connection, grant: Grant) -> Mapping[str, object]:
    """Return the person's claims where some are for the ID token; of most grants none are, and nothing is read.

    Spec: OIDCC-5.5
    """
    account = accounts.find(connection, grant.account_id) if grant.id_token_claims else None
    return account.claims if account is not None else {}
