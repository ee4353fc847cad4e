"""The profiles there are, by name."""

from collections.abc import Iterable
from typing import Final

from authserver.profiles.fapi1_advanced import FAPI1_ADVANCED
from authserver.profiles.fapi2 import FAPI2
from authserver.profiles.fapi2_message_signing import FAPI2_MESSAGE_SIGNING
from authserver.profiles.oidc import OIDC

PROFILES: Final = {profile.name: profile for profile in (FAPI2, FAPI2_MESSAGE_SIGNING, FAPI1_ADVANCED, OIDC)}
DEFAULT_PROFILE: Final = FAPI2
"""The profile of clients and deployments that name none."""


def signing_algorithms(names: Iterable[str]) -> tuple[str, ...]:
    """Return every algorithm that clients of these profiles may have their ID tokens signed with.

    A deployment needs a key for each, since any of its clients may ask for it.

    Spec: OIDCC-15.1, FAPI2-SP-FINAL-5.4.1-1
    """
    return tuple(sorted({algorithm for name in names for algorithm in PROFILES[name].id_token_algorithms}))
