"""The table of factors: to add one, give it a folder with a `factor` and name it here."""

from collections.abc import Mapping
from typing import Final

from authserver.accounts.factors.model import Factor, Method
from authserver.accounts.factors.passkey.factor import PASSKEY
from authserver.accounts.factors.password.factor import PASSWORD
from authserver.accounts.factors.recovery.factor import RECOVERY
from authserver.accounts.factors.totp.factor import TOTP

FACTORS: Final[tuple[Factor, ...]] = (PASSKEY, TOTP, RECOVERY)
"""What a person may have beside a password, in the order in which they are asked for it."""

METHODS: Final[Mapping[str, Method]] = {
    name: method for factor in (PASSWORD, *FACTORS) for name, method in factor.methods.items()
}
"""Every method there is. A method that is not here is worth nothing."""
