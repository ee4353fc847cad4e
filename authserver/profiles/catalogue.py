"""The profiles there are, by name."""

from typing import Final

from authserver.profiles.fapi2 import FAPI2
from authserver.profiles.model import Profile
from authserver.profiles.oidc import OIDC

PROFILES: Final = {profile.name: profile for profile in (FAPI2, OIDC)}


def find_profile(name: str) -> Profile | None:
    """Return the profile of that name, or None."""
    return PROFILES.get(name)
