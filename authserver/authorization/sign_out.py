"""What an app asks for when it signs a person out: which of its addresses they come back to, and of which session.

It is checked once, and carried by the browser from there, sealed, to the page that asks the person: nothing is stored
for whoever asks.
"""

from typing import Final
from urllib.parse import urlencode

import orjson

from authserver.authorization.answers.query import add_to_query
from authserver.clock import is_ahead
from authserver.keys.base64url import decode, encode
from authserver.protocol.errors import InvalidRequest
from authserver.protocol.urls import SIGN_OUT
from authserver.sealing.envelope import Envelope, SealBroken
from authserver.values import Value

LIFETIME_SECONDS: Final = 600
PARAMETER: Final = "request"
_PLACE: Final = "sign-out request"


class SignOutRequest(Value, frozen=True):
    """A request that has passed every check: of which client, and where the person is sent to, if anywhere.

    `session_id` is that of the ID token that came as a hint, if one did.

    Spec: OIDC-RPINIT-2
    """

    client_id: str | None
    redirect_uri: str | None
    state: str | None
    session_id: str | None
    expires_at: int

    def answer(self) -> str | None:
        """Return where the person is sent once they are signed out, or None where that is nowhere.

        Spec: OIDC-RPINIT-3
        """
        if self.redirect_uri is None:
            return None
        return add_to_query(self.redirect_uri, {"state": self.state}) if self.state is not None else self.redirect_uri


def seal_sign_out(envelope: Envelope, asked: SignOutRequest) -> str:
    """Return the address of the page that asks the person, with the request sealed in it."""
    members = [asked.client_id, asked.redirect_uri, asked.state, asked.session_id, asked.expires_at]
    sealed = encode(envelope.seal(orjson.dumps(members), _PLACE)).decode()
    return f"{SIGN_OUT}?{urlencode({PARAMETER: sealed})}"


def open_sign_out(envelope: Envelope, sealed: str, now: int) -> SignOutRequest:
    """Return the request that an address of `seal_sign_out` carries.

    Raises InvalidRequest where we did not make it, or its time is over.

    Spec: OIDC-RPINIT-4
    """
    try:
        opened = orjson.loads(envelope.open(decode(sealed.encode()), _PLACE))
    except (ValueError, SealBroken) as error:
        raise _unknown("not made by this server") from error
    asked = SignOutRequest(*opened)
    if now >= asked.expires_at or is_ahead(asked.expires_at - LIFETIME_SECONDS, now):
        raise _unknown("its time is over")
    return asked


def _unknown(reason: str) -> InvalidRequest:
    return InvalidRequest("This request to sign out is not known any more.", reason=reason, clause="OIDC-RPINIT-4")
