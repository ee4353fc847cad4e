"""The memory of DPoP proofs: once each, bounded, and never forgetful while a proof still counts."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from authserver.binding.dpop import DpopProof
from authserver.protocol.errors import InvalidDpopProof, TemporarilyUnavailable
from authserver.resource.dpop_replay import ProofMemory, claim_proof

NOW = 1_800_000_000


@pytest.mark.spec("RFC9449-11.1-2")
def test_a_proof_is_claimed_once_for_its_key() -> None:
    memory = ProofMemory()
    claim_proof(memory, DpopProof("key", "one", NOW + 75), NOW)
    claim_proof(memory, DpopProof("another key", "one", NOW + 75), NOW)
    with pytest.raises(InvalidDpopProof):
        claim_proof(memory, DpopProof("key", "one", NOW + 75), NOW + 74)


@pytest.mark.spec("RFC9449-11.1-2")
def test_the_memory_is_bounded_and_refuses_where_it_would_have_to_forget() -> None:
    passed = [0]
    memory = ProofMemory(capacity=2, milliseconds=lambda: passed[0])
    assert memory.claim(b"a", NOW + 10, NOW)
    assert memory.claim(b"b", NOW + 10, NOW)
    with pytest.raises(TemporarilyUnavailable):
        memory.claim(b"c", NOW + 10, NOW)
    assert not memory.claim(b"a", NOW + 10, NOW)
    passed[0] = 10_000
    assert memory.claim(b"c", NOW + 20, NOW + 10), "what has expired makes room"


@pytest.mark.spec("RFC9449-11.1-2")
def test_a_clock_that_was_ahead_for_a_moment_brings_no_proof_to_life() -> None:
    memory = ProofMemory()
    assert memory.claim(b"a", NOW + 75, NOW)
    assert memory.claim(b"b", NOW + 3675, NOW + 3600)
    assert not memory.claim(b"a", NOW + 75, NOW + 1)


def test_no_proof_is_nothing_to_claim() -> None:
    memory = ProofMemory(capacity=0)
    claim_proof(memory, None, NOW)


@pytest.mark.spec("RFC9449-11.1-2")
def test_of_many_claims_at_once_one_wins() -> None:
    memory = ProofMemory()
    with ThreadPoolExecutor(8) as pool:
        won = list(pool.map(lambda _: memory.claim(b"a", NOW + 10, NOW), range(64)))
    assert won.count(True) == 1
