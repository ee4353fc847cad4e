"""Inviting a person: a link that lets whoever uses it first, once and for a while, say how they sign in.

The link is as good as the account until it is used, so only an operator makes one, and only its hash is kept.
"""

from collections.abc import Callable

from authserver.accounts.store import invitations as store
from authserver.accounts.store.people import Connection
from authserver.protocol.handles import hash_handle, new_handle


def invite(connection: Connection, account_id: str, now: int, lifetime_seconds: int) -> str:
    """Return a fresh invitation; earlier ones of the account that nobody has used are good no more.

    Spec: ASVS5-6.4.1
    """
    invitation = new_handle()
    store.save(connection, hash_handle(invitation), account_id, now, now + lifetime_seconds)
    return invitation


def find_invited(connection: Connection, invitation: str, now: int) -> str | None:
    """Return the account an invitation is for, while it can be used."""
    return store.find_open(connection, hash_handle(invitation), now)


def use_invitation(connection: Connection, invitation: str, now: int, act: Callable[[], bool]) -> bool:
    """Claim an invitation and do what it allows; answer whether both came about, or else neither.

    Claimed first: of two at once the second waits here, and finds it taken, or given back where the first failed.

    Spec: ASVS5-6.4.1
    """
    if not store.claim(connection, hash_handle(invitation), now):
        return False
    if not act():
        store.release(connection, hash_handle(invitation))
        return False
    return True
