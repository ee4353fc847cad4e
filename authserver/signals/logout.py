"""Telling an app, server to server, that a person's session has ended."""

from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode

from authserver.clients.model import Client
from authserver.clock import Clock
from authserver.events.catalogue import LOGOUT_TOLD
from authserver.events.model import Event, EventSink
from authserver.keys.signer import Signer, SigningKeys
from authserver.protocol.handles import new_handle
from authserver.signals.model import LogoutNotice
from authserver.values import Assembly

TOKEN_LIFETIME_SECONDS: Final = 120
_TYPE: Final = "logout+jwt"
_EVENT: Final = "http://schemas.openid.net/event/backchannel-logout"

PostForm = Callable[[str, bytes], None]
"""Posts a form to a URL; raises where that was not answered with success."""


def issue_logout_token(notice: LogoutNotice, issuer: str, signer: Signer, token_id: str, now: int) -> str:
    """Return a signed logout token: whose session has ended, and which.

    It never holds a nonce, so that nothing takes it for an ID token, nor does its type.

    Spec: OIDCBCL-2.4, OIDCBCL-2.6
    """
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": notice.client_id,
        "iat": now,
        "exp": now + TOKEN_LIFETIME_SECONDS,
        "jti": token_id,
        "sub": notice.account_id,
        "sid": notice.session_id,
        "events": {_EVENT: {}},
    }
    return signer.sign(claims, typ=_TYPE)


class LogoutDelivery(Assembly, frozen=True):
    """Tells the client of a notice, at the address and with the algorithm that it is registered with by then."""

    issuer: str
    find_client: Callable[[str], Client | None]
    keys: Callable[[], SigningKeys]
    post: PostForm
    events: EventSink
    clock: Clock

    def __call__(self, notice: LogoutNotice) -> None:
        """Post the token; one that wants to be told no more is told no more.

        Each attempt has a token of its own: an app that took the first, and whose answer was lost, would refuse to see
        its `jti` again.

        Spec: OIDCBCL-2.5, OIDCBCL-2.8
        """
        client = self.find_client(notice.client_id)
        if client is None or client.logout_uris.backchannel is None:
            return
        signer, now = self.keys().signer_for(client.id_token_signed_response_alg), self.clock()
        token = issue_logout_token(notice, self.issuer, signer, new_handle(), now)
        self.post(client.logout_uris.backchannel, urlencode({"logout_token": token}).encode())
        self.events(Event(LOGOUT_TOLD, now, subject=notice.account_id, client=notice.client_id))
