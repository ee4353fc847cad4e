"""The DPoP proofs that were accepted lately, so that none is accepted twice."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Protocol

from authserver.binding.dpop import DpopProof
from authserver.clock import Expiry, monotonic_milliseconds
from authserver.protocol.errors import InvalidDpopProof, TemporarilyUnavailable

_CAPACITY = 100_000


class ProofStore(Protocol):
    """Where proofs are remembered; an API of several processes supplies one that they share."""

    def claim(self, proof_id: bytes, expires_at: int, now: int) -> bool:
        """Remember an id until that time; True for exactly one caller."""


class ProofMemory:
    """Remembers in this process alone, with a bound; when full of proofs that still count it refuses instead of forget.

    Only the holder of a good token and its key gets this far, so a stranger cannot fill it.

    Spec: RFC9449-11.1
    """

    def __init__(self, capacity: int = _CAPACITY, milliseconds: Callable[[], int] = monotonic_milliseconds) -> None:
        self._capacity = capacity
        self._milliseconds = milliseconds
        self._seen: OrderedDict[bytes, Expiry] = OrderedDict()
        self._lock = Lock()

    def claim(self, proof_id: bytes, expires_at: int, now: int) -> bool:
        """Remember an id until that time; True for exactly one caller."""
        with self._lock:
            # All live equally long, so the oldest come first.
            while self._seen and next(iter(self._seen.values())).is_over(now, self._milliseconds()):
                self._seen.popitem(last=False)
            if proof_id in self._seen:
                return False
            if len(self._seen) >= self._capacity:
                raise TemporarilyUnavailable(
                    "Too many requests at once.", reason="the memory of proofs is full", clause="RFC9449-11.1"
                )
            self._seen[proof_id] = Expiry.of(expires_at, now, self._milliseconds())
            return True


def claim_proof(store: ProofStore, proof: DpopProof | None, now: int) -> None:
    """Claim a proof's jti, for its key.

    Raises InvalidDpopProof where it was claimed before.

    Spec: RFC9449-11.1
    """
    if proof is None:
        return
    proof_id = hashlib.sha256(f"{proof.jkt}:{proof.jti}".encode("utf-8", "surrogatepass")).digest()
    if not store.claim(proof_id, proof.expires_at, now):
        raise InvalidDpopProof("The DPoP proof is not valid.", reason="jti was used before", clause="RFC9449-11.1")
