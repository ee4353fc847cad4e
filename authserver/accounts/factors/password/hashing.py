"""Passwords: Argon2id hashes in the PHC string form, and the bounded pool in which they are computed.

A password is verified exactly as typed, without normalisation or truncation.
"""

import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Final

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from authserver.protocol.errors import TemporarilyUnavailable

MAX_PASSWORD_BYTES: Final = 4096
SALT_BYTES: Final = 16

_MEMORY_KIB: Final = 19456
_ITERATIONS: Final = 2
_LANES: Final = 1
_HASH_BYTES: Final = 32
_NICER: Final = 10
_CURRENT_PREFIX: Final = f"$argon2id$v=19$m={_MEMORY_KIB},t={_ITERATIONS},p={_LANES}$"
_CURRENT_LENGTH: Final = len(_CURRENT_PREFIX) + 22 + 1 + 43

DUMMY_PASSWORD_HASH: Final = (
    "$argon2id$v=19$m=19456,t=2,p=1$UNUSEDUNUSEDUNUSEDUNUQ$UNUSEDUNUSEDUNUSEDUNUSEDUNUSEDUNUSEDUNUSEDU"  # noqa: S105 - nobody's hash: no password is known that gives it
)
"""What a password is verified against where there is none, so that an unknown user costs what a known one does."""


def hash_password(password: str, salt: bytes) -> str:
    """Hash a password under the current parameters and answer the PHC string.

    Raises ValueError for a password that `verify_password` would never accept.

    Spec: ASVS5-11.4.2
    """
    secret = password.encode()
    if len(secret) > MAX_PASSWORD_BYTES:
        raise ValueError(f"the password is longer than {MAX_PASSWORD_BYTES} bytes")
    if len(salt) < SALT_BYTES:
        raise ValueError(f"the salt is shorter than {SALT_BYTES} bytes")
    argon2 = Argon2id(salt=salt, length=_HASH_BYTES, iterations=_ITERATIONS, lanes=_LANES, memory_cost=_MEMORY_KIB)
    return argon2.derive_phc_encoded(secret)


def verify_password(password: str, password_hash: str | None) -> bool:
    """Answer whether a password gives the stored hash; always computes exactly one hash.

    No hash at all, and a password too long to be anyone's, are refused after the same work as a wrong password. A
    lone surrogate, which a browser cannot send, encodes to bytes that no stored password has.

    Spec: ASVS5-6.2.8, ASVS5-6.3.8
    """
    secret = password.encode("utf-8", "surrogatepass")
    is_possible = password_hash is not None and len(secret) <= MAX_PASSWORD_BYTES
    try:
        Argon2id.verify_phc_encoded(secret[:MAX_PASSWORD_BYTES], password_hash or DUMMY_PASSWORD_HASH)
    except InvalidKey:
        return False
    return is_possible


def needs_rehash(password_hash: str) -> bool:
    """Answer whether a stored hash was made under other parameters than today's."""
    return not (password_hash.startswith(_CURRENT_PREFIX) and len(password_hash) == _CURRENT_LENGTH)


class PasswordPool:
    """A bounded number of places in which passwords are hashed, so that sign-ins never starve the token endpoint.

    Each hash takes 19 MiB and a processor. It runs with the interpreter lock released, on a thread that lets others
    have the processor first, while its caller waits. The pool limits how many run at once, and how many callers may
    wait for a place. A caller beyond that, or one that waits longer than `wait_seconds`, gets TemporarilyUnavailable.

    Spec: ASVS5-6.3.1
    """

    def __init__(self, places: int = 2, *, max_waiting: int = 16, wait_seconds: float = 5.0) -> None:
        if places < 1 or max_waiting < 0 or wait_seconds <= 0:
            raise ValueError("a password pool has at least one place, and waits some time")
        self._running = threading.BoundedSemaphore(places)
        self._admitted = threading.BoundedSemaphore(places + max_waiting)
        self._threads = ThreadPoolExecutor(places, "password", _let_others_go_first)
        self._wait_seconds = wait_seconds
        self._count_lock = threading.Lock()
        self._hashes_computed = 0

    @property
    def hashes_computed(self) -> int:
        """How many hashes this process has computed: the figure for capacity, and for the cost of a refusal."""
        return self._hashes_computed

    def hash(self, password: str, salt: bytes) -> str:
        """Hash a password in the pool; see `hash_password`."""
        with self._place():
            return self._threads.submit(hash_password, password, salt).result()

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Verify a password in the pool; see `verify_password`."""
        with self._place():
            return self._threads.submit(verify_password, password, password_hash).result()

    def check_room(self) -> None:
        """Raise TemporarilyUnavailable if a caller would be turned away now: what a flood is to cost."""
        if not self._admitted.acquire(blocking=False):
            raise _full()
        self._admitted.release()

    @contextmanager
    def _place(self) -> Iterator[None]:
        if not self._admitted.acquire(blocking=False):
            raise _full()
        try:
            if not self._running.acquire(timeout=self._wait_seconds):
                raise _busy("no place to hash a password became free in time")
            try:
                with self._count_lock:
                    self._hashes_computed += 1
                yield
            finally:
                self._running.release()
        finally:
            self._admitted.release()


def _let_others_go_first() -> None:
    """Lower the priority of this thread: whoever signs in may wait for the processor, a token may not."""
    if sys.platform == "linux":  # elsewhere a priority is the whole process's
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), os.getpriority(os.PRIO_PROCESS, 0) + _NICER)


def _full() -> TemporarilyUnavailable:
    return _busy("too many sign-ins are waiting for a place to hash a password")


def _busy(reason: str) -> TemporarilyUnavailable:
    return TemporarilyUnavailable(
        "Too many people are signing in. Try again in a moment.", reason=reason, clause="ASVS5-6.3.1"
    )
