"""The offer to sign in with a passkey, which the sign-in page and the passkey's own page make alike."""

from urllib.parse import quote

from authserver.accounts.factors.passkey.ceremonies import begin_sign_in
from authserver.accounts.factors.passkey.ceremony_token import Ceremonies, CeremonyPurpose
from authserver.interaction.step import Step

SIGN_IN_PATH = "/login/passkey/sign-in"


def sign_in_asked(step: Step) -> CeremonyPurpose:
    """Return what signing in by a passkey alone asks: anyone's, in this browser, with its user verified.

    Spec: RTS-SCA-4.1
    """
    return CeremonyPurpose("sign_in", step.browser, verify_user=True)


def offer_passkey(ceremonies: Ceremonies, step: Step) -> dict[str, object]:
    """Return what a page needs for the offer."""
    return {
        "passkey": begin_sign_in(ceremonies, sign_in_asked(step), step.now),
        "passkey_address": address_in(step, SIGN_IN_PATH),
    }


def address_in(step: Step, path: str) -> str:
    """Return the address of another page of the same interaction."""
    return f"{path}?interaction={quote(step.interaction_id, safe='')}"
