"""Taking factors away: never the last strong one by the person's own hand, all of them by the operator's.

The account's row is held first, so that of two removals at once the second sees what the first has left.
"""

from collections.abc import Iterable

from authserver.accounts.factors import store as factors
from authserver.accounts.factors.model import Enrolled
from authserver.accounts.factors.passkey import store as passkeys
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.passkey.model import Passkey
from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.totp import store as totp
from authserver.accounts.factors.totp.factor import TOTP
from authserver.accounts.store import attempts, invitations, people
from authserver.accounts.store.people import Connection


def remove_generator(connection: Connection, account_id: str) -> bool:
    """Take the authenticator app away if a passkey stays; answer whether it went.

    Spec: ASVS5-6.5.6
    """
    people.hold_account(connection, account_id)
    return factors.find_enrolled(connection, account_id).has(PASSKEY) and totp.remove(connection, account_id)


def is_spare(passkey: Passkey, keys: Iterable[Passkey], enrolled: Enrolled) -> bool:
    """Return whether a passkey of these may go: something strong stays, and a way to sign in with it.

    A recovery code works only after a password, so it is no way in for an account that has none. A closed passkey opens
    nothing, but while it is there a password alone is not enough either.

    Spec: ASVS5-6.5.6
    """
    others = (key for key in keys if key.passkey_id != passkey.passkey_id)
    return any(key.disabled_at is None for key in others) or (enrolled.has(TOTP) and enrolled.has(PASSWORD))


def remove_passkey(connection: Connection, account_id: str, passkey_id: str) -> str | None:
    """Take a passkey away if it is a spare one; answer the name of what went.

    Spec: ASVS5-6.5.6
    """
    people.hold_account(connection, account_id)
    keys = passkeys.find_all(connection, account_id)
    found = next((key for key in keys if key.passkey_id == passkey_id), None)
    if found is None or not is_spare(found, keys, factors.find_enrolled(connection, account_id)):
        return None
    return found.name if passkeys.remove(connection, account_id, passkey_id) else None


def remove_all(connection: Connection, account_id: str) -> bool:
    """Take every factor but the password away, and make strangers of all devices; answer whether there was a factor.

    An invitation that was of no use beside a second factor must not come to life again with its end.
    """
    people.hold_account(connection, account_id)
    attempts.forget_devices(connection, account_id)
    invitations.remove_unclaimed(connection, account_id)
    removed = [table.remove_all(connection, account_id) for table in factors.TABLES]
    return any(removed)
