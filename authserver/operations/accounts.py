"""Ending an account for good."""

from authserver.db.engine import Connection
from authserver.db.erasure import erase_account


def delete_account(connection: Connection, account_id: str) -> int:
    """Delete an account with all that hangs on it; return how many proofs of payments are kept.

    What a request that runs meanwhile still writes for it is worth nothing: sessions, codes and tokens count only
    beside the account's row. The caller holds that row.

    Spec: ASVS5-7.4.2, ASVS5-10.4.9
    """
    return erase_account(connection, account_id)
