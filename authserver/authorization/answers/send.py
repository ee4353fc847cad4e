"""The one place that encodes an authorization response: by its delivery, and a redirect's by its response mode."""

from collections.abc import Callable, Mapping
from typing import Final

from authserver.authorization.answers.device import by_device
from authserver.authorization.answers.form_post import by_form_post
from authserver.authorization.answers.fragment import by_fragment
from authserver.authorization.answers.model import AuthorizationResponse, Device, OwnPage
from authserver.authorization.answers.query import by_query
from authserver.protocol.names import RESPONSE_MODE_FORM_POST, RESPONSE_MODE_FRAGMENT, RESPONSE_MODE_QUERY
from authserver.web.machine.model import MachineResponse
from authserver.web.pages.page import Pages

# A signed response (`query.jwt`, `fragment.jwt`, `form_post.jwt`) travels in one of these ways too: as one parameter,
# `response`, that is made of the parameters of the answer. Its module signs, and hands on to one of these.
ENCODERS: Final[Mapping[str, Callable[[str, AuthorizationResponse, Pages], MachineResponse]]] = {
    RESPONSE_MODE_QUERY: by_query,
    RESPONSE_MODE_FRAGMENT: by_fragment,
    RESPONSE_MODE_FORM_POST: by_form_post,
}
"""Every response mode that can be encoded; which of them a client may name is for its profile to say."""


def send(answer: AuthorizationResponse, pages: Pages) -> MachineResponse:
    """Return the response that takes an answer to where it belongs.

    Spec: FAPI2-SP-FINAL-5.3.2.2-10, FAPI2-SP-FINAL-5.3.2.2-11, OAUTH-FORM-POST-2
    """
    delivery = answer.delivery
    if isinstance(delivery, OwnPage):
        return by_query(delivery.url, answer, pages)
    if isinstance(delivery, Device):
        return by_device(answer, pages)
    return ENCODERS[delivery.response_mode](delivery.redirect_uri, answer, pages)
