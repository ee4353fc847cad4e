"""Our own pages ask for a sign-in too: the same steps and the same rules lead to them as to any app.

Once the person has proved themselves the browser goes back to the page, and nothing is issued. No client stands behind
it: the id in the URL is registered for nobody, holds no credential, and its requests are sealed by us alone.
"""

from typing import Final

import orjson

from authserver.authorization.answers.model import OwnPage
from authserver.authorization.asked import AuthorizationRequest
from authserver.authorization.stored_request import unknown_reference
from authserver.keys.base64url import decode, encode
from authserver.protocol.demand import AuthenticationDemand
from authserver.protocol.errors import InvalidRequestUri
from authserver.protocol.names import OWN_CLIENT_ID, REQUEST_URI_PREFIX
from authserver.sealing.envelope import Envelope, SealBroken

_REFERENCE: Final = f"{REQUEST_URI_PREFIX}own."  # a stored request's reference has no dot
_PLACE: Final = "own request"


def seal_account_request(
    envelope: Envelope, page: str, demand: AuthenticationDemand, login_hint: str | None, expires_at: int
) -> str:
    """Return a reference that carries a request for one of our pages, by its whole address, in itself.

    Nothing is stored for it: whoever asks for such a page without a session is not known, and could fill the disk.
    """
    asked = orjson.dumps([page, demand.acr, demand.max_age, login_hint, expires_at])
    return _REFERENCE + encode(envelope.seal(asked, _PLACE)).decode()


def is_sealed(reference: str) -> bool:
    """Tell whether a reference is of the kind that `seal_account_request` makes."""
    return reference.startswith(_REFERENCE)


def open_account_request(envelope: Envelope, reference: str, now: int) -> tuple[AuthorizationRequest, OwnPage]:
    """Return the request that a reference of `seal_account_request` carries, and the page that it is for.

    Raises InvalidRequestUri where we did not make it, or its time is over.

    Spec: RFC9126-4
    """
    try:
        sealed = envelope.open(decode(reference.removeprefix(_REFERENCE).encode()), _PLACE)
    except (ValueError, SealBroken) as error:
        raise unknown_reference() from error
    page, acr, max_age, login_hint, expires_at = orjson.loads(sealed)
    if now >= expires_at:
        raise InvalidRequestUri("The request_uri has expired.", clause="RFC9126-4")
    asked = AuthorizationRequest(
        client_id=OWN_CLIENT_ID, demand=AuthenticationDemand(acr=acr, max_age=max_age), login_hint=login_hint
    )
    return asked, OwnPage(page)
