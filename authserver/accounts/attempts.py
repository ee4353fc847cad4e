"""Counting the tries at a person's factors, before each is verified."""

import hmac
import re
import secrets
from typing import Final

from authserver.accounts.lockout import DEVICE_SECONDS, Attempt, counted, refused
from authserver.accounts.store import attempts as store
from authserver.accounts.store.people import Connection
from authserver.db.engine import Database
from authserver.db.one_time_ids import id_hash
from authserver.values import Assembly, Hidden

_DEVICE_BYTES: Final = 32
_DEVICE: Final = re.compile(r"[A-Za-z0-9_-]{43}")


class Attempts(Assembly, frozen=True):
    """The counters of a deployment; one for the whole process.

    A person has one counter over all their factors, shared by all strangers, and one for each device on which they
    were fully signed in: so a stranger cannot block them there. Whoever does not exist has a counter like anyone's.

    Spec: RTS-SCA-4.3, ASVS5-6.3.1, ASVS5-6.3.8
    """

    database: Database
    key: Hidden[bytes]

    def claim(self, account_key: str, device: str, now: int) -> Attempt:
        """Count a try as failed, before anything is verified: a crash in between costs the try.

        `account_key` is an account's id, or the typed name of someone unknown; `device` the cookie, if there was one.

        Spec: RTS-SCA-4.3
        """
        with self.database.transaction() as connection:
            known = device if _is_known(connection, account_key, device, now) else ""
            counter_hash = self._counter_hash(account_key, known)
            found = store.claim(connection, counter_hash, now)
            if found is None:
                return refused(counter_hash, store.find_block(connection, counter_hash), now)
        return counted(counter_hash, *found, now)

    def give_back(self, attempt: Attempt) -> None:
        """Take back the count of a try that was right."""
        with self.database.single() as connection:
            store.give_back(connection, attempt.counter_hash)

    def welcome(self, attempt: Attempt, account_id: str, device: str, now: int) -> str:
        """Forget the failures of someone who has proved everything, and answer their device's cookie.

        The cookie may serve several people who share the device; only this server can have set it.

        Spec: RTS-SCA-4.3
        """
        cookie = device if _DEVICE.fullmatch(device) else secrets.token_urlsafe(_DEVICE_BYTES)
        with self.database.transaction() as connection:
            store.forgive(connection, attempt.counter_hash)
            device_hash = _device_hash(account_id, cookie)
            store.remember_device(connection, device_hash, account_id, now, now + DEVICE_SECONDS)
        return cookie

    def _counter_hash(self, account_key: str, device: str) -> bytes:
        return hmac.digest(self.key, id_hash("attempts", account_key, device), "sha256")


def _is_known(connection: Connection, account_key: str, device: str, now: int) -> bool:
    if not _DEVICE.fullmatch(device):
        return False
    return store.is_known_device(connection, _device_hash(account_key, device), account_key, now)


def _device_hash(account_id: str, device: str) -> bytes:
    """Hash a device's cookie together with the person it is known for."""
    return id_hash("known device", account_id, device)
