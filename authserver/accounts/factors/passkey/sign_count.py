"""A signature count that has not grown: a copy of the key, or an answer that came late."""

from collections.abc import Mapping

from authserver.accounts.factors.passkey.model import Passkey
from authserver.values import Value, field


class CeremonyStart(Value, frozen=True):
    """When a ceremony began, and the counts that were stored by then, by passkey id, where the account was known."""

    at: int
    counts: Mapping[str, int] = field(default_factory=dict)


def may_be_late(passkey: Passkey, sign_count: int, begun: CeremonyStart) -> bool:
    """Return whether the one genuine key may have signed this before the use that is stored, and was overtaken.

    A key counts every signature, so that an equal count, or none where there was one, is never lateness. A lower one
    may be, where the ceremony began before the use that is stored. What its page saw stored says so exactly; where the
    page knew nobody, as at a sign-in, the two moments say it, in whole seconds. To touch a key twice takes longer than
    the clocks of two nodes are apart. A late answer opens nothing, and a copy is found out by its next one.

    Spec: WEBAUTHN-6.1.1, WEBAUTHN-7.2-22
    """
    if not 0 < sign_count < passkey.sign_count or passkey.last_used_at is None:
        return False
    seen = begun.counts.get(passkey.passkey_id)
    if seen is not None:
        return sign_count > seen
    return begun.at < passkey.last_used_at
