"""The life of a signing key: announced, signing, retired, removed; what is due when, as pure rules.

A key is published before it signs, so that whoever caches the JWKS knows it in time, and stays published after, until
no token it signed is alive. Removed from what is published it is archived: its private half is destroyed, its public
half kept, for hints and answers that it signed are looked at much later.

Spec: OIDCC-10.1.1
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from joserfc import jwk as jose

from authserver.keys.jwks import thumbprint
from authserver.keys.model import StoredKey
from authserver.values import Value

_RSA_BITS = 3072
_KINDS: Mapping[str, tuple[Literal["EC", "RSA", "OKP"], str | int]] = {
    "ES256": ("EC", "P-256"),
    "PS256": ("RSA", _RSA_BITS),
    "RS256": ("RSA", _RSA_BITS),
    "Ed25519": ("OKP", "Ed25519"),
}

Action = Literal["make", "announce", "sign", "retire", "remove"]


class RotationPolicy(Value, frozen=True):
    """How long each part of a key's life lasts.

    `announced_seconds` must exceed the time others cache the JWKS, `retired_seconds` the life of anything signed.
    """

    signing_seconds: int = 90 * 86_400
    announced_seconds: int = 86_400
    retired_seconds: int = 86_400


class RotationStep(Value, frozen=True):
    """One thing that is due; `kid` is empty where a new key is to be made."""

    action: Action
    algorithm: str
    kid: str = ""


def generate_key(algorithm: str) -> dict[str, object]:
    """Make a private JWK named by its thumbprint; raises ValueError for an algorithm we do not sign with.

    Two algorithms never share a key: an RSA key is made for PS256 or for RS256. So no two keys share a kid.

    Spec: RFC7638-1, FAPI2-SP-FINAL-5.4.1-2, FAPI2-SP-FINAL-5.4.2-3
    """
    if algorithm not in _KINDS:
        raise ValueError(f"no signing key can be made for {algorithm}")
    kind, size = _KINDS[algorithm]
    private_jwk: dict[str, object] = dict(jose.JWKRegistry.generate_key(kind, size).as_dict(private=True))
    return {**private_jwk, "kid": thumbprint(private_jwk), "alg": algorithm, "use": "sig"}


def signing_key(keys: Sequence[StoredKey], algorithm: str) -> StoredKey | None:
    """Return the key that signs: the newest, should two servers have provisioned at the same moment."""
    signing = [key for key in keys if key.algorithm == algorithm and key.state == "signing"]
    return max(signing, key=lambda key: (key.signs_from, key.kid), default=None)


def lacking(keys: Sequence[StoredKey], algorithms: Iterable[str]) -> tuple[str, ...]:
    """Return those of some algorithms that no key signs with."""
    return tuple(algorithm for algorithm in algorithms if signing_key(keys, algorithm) is None)


def plan_rotation(
    keys: Sequence[StoredKey], now: int, policy: RotationPolicy, needed: Iterable[str] = ()
) -> tuple[RotationStep, ...]:
    """Return what is due, in the order to do it; nothing is due twice.

    A key is made at once for each algorithm that is `needed` and has none, signing or announced: nobody has an older
    one in a cache that could be waited for.
    """
    begun = {key.algorithm for key in keys if key.state in {"signing", "announced"}}
    makes = [RotationStep("make", algorithm) for algorithm in needed if algorithm not in begun]
    algorithms = sorted({key.algorithm for key in keys})
    steps = [step for algorithm in algorithms for step in _plan_succession(keys, algorithm, now, policy)]
    removals = [
        RotationStep("remove", key.algorithm, key.kid)
        for key in keys
        if key.state == "retired" and key.retired_at is not None and key.retired_at + policy.retired_seconds <= now
    ]
    return (*makes, *steps, *removals)


def _plan_succession(keys: Sequence[StoredKey], algorithm: str, now: int, policy: RotationPolicy) -> list[RotationStep]:
    current = signing_key(keys, algorithm)
    successors = [key for key in keys if key.algorithm == algorithm and key.state == "announced"]
    if current is None and not successors:
        return []  # retired altogether: an algorithm given up stays so
    due = [key for key in successors if key.signs_from <= now]
    if due:
        successor = min(due, key=lambda key: (key.signs_from, key.kid))
        retiring = [key for key in keys if key.algorithm == algorithm and key.state == "signing"]
        return [
            RotationStep("sign", algorithm, successor.kid),
            *(RotationStep("retire", algorithm, key.kid) for key in retiring),
        ]
    if current is not None and not successors and current.signs_from + policy.signing_seconds <= now:
        return [RotationStep("announce", algorithm)]
    return []
