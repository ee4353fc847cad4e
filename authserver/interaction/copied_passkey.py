"""Telling a person that a passkey of theirs was closed, since there may be a copy of it."""

from authserver.accounts.ceremonies import CLONE_SUSPECTED, Assertion
from authserver.accounts.store import people
from authserver.db.engine import Database
from authserver.notices.model import PASSKEY_CLOSED, Notifier, notice_for


def tell_of_copy(database: Database, notifier: Notifier, proof: Assertion, now: int) -> None:
    """Tell the owner, by now durably, if this proof is what closed their passkey; no one need be signed in.

    Spec: ASVS5-6.3.5, WEBAUTHN-6.1.1
    """
    if proof.outcome != CLONE_SUSPECTED:
        return
    with database.read() as connection:
        account = people.find(connection, proof.account_id)
    if account is not None:
        name = proof.passkey.name if proof.passkey is not None else ""
        notifier(notice_for(PASSKEY_CLOSED, account.username, account.claims, now, name))
