"""What is due in the life of a signing key."""

import pytest

from authserver.keys.model import StoredKey
from authserver.keys.rotation import RotationPolicy, RotationStep, plan_rotation, signing_key

POLICY = RotationPolicy(signing_seconds=1000, announced_seconds=100, retired_seconds=50)


def key(
    kid: str, state: str, signs_from: int = 0, retired_at: int | None = None, algorithm: str = "ES256"
) -> StoredKey:
    return StoredKey(kid, algorithm, "{}", b"", state, 0, signs_from, retired_at)


CASES = {
    "a young key signs on": ([key("a", "signing")], 999, ()),
    "an old key has a successor announced": ([key("a", "signing")], 1000, (RotationStep("announce", "ES256"),)),
    "a successor is announced once": ([key("a", "signing"), key("b", "announced", 1100)], 1099, ()),
    "a successor known long enough takes over": (
        [key("a", "signing"), key("b", "announced", 1100)],
        1100,
        (RotationStep("sign", "ES256", "b"), RotationStep("retire", "ES256", "a")),
    ),
    "a retired key stays published": ([key("a", "retired", 0, 1100), key("b", "signing", 1100)], 1149, ()),
    "a retired key is removed in the end": (
        [key("a", "retired", 0, 1100), key("b", "signing", 1100)],
        1150,
        (RotationStep("remove", "ES256", "a"),),
    ),
    "an algorithm given up is not begun again": ([key("a", "retired", 0, 1100)], 1149, ()),
    "algorithms rotate apart": (
        [key("a", "signing"), key("p", "signing", 500, None, "PS256")],
        1000,
        (RotationStep("announce", "ES256"),),
    ),
    "the one of two successors that comes first takes over": (
        [key("a", "signing"), key("c", "announced", 1002), key("b", "announced", 1001)],
        1002,
        (RotationStep("sign", "ES256", "b"), RotationStep("retire", "ES256", "a")),
    ),
    "nothing is due without keys": ([], 10_000, ()),
}


@pytest.mark.parametrize(("keys", "now", "steps"), CASES.values(), ids=CASES)
@pytest.mark.spec("OIDCC-10.1.1")
def test_what_is_due(keys: list[StoredKey], now: int, steps: tuple[RotationStep, ...]) -> None:
    assert plan_rotation(keys, now, POLICY) == steps


def test_of_two_signing_keys_every_server_picks_the_same() -> None:
    keys = [key("a", "signing", 5), key("b", "signing", 5), key("c", "signing", 1), key("d", "announced", 9)]
    assert signing_key(keys, "ES256") == signing_key(keys[::-1], "ES256") == keys[1]
    assert signing_key(keys, "PS256") is None
