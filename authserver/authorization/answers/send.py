"""The one place that encodes an authorization response: by its delivery, and a redirect's by its response mode."""

from collections.abc import Callable, Mapping
from typing import Final

from authserver.authorization.answers.device import by_device
from authserver.authorization.answers.form_post import by_form_post
from authserver.authorization.answers.fragment import by_fragment
from authserver.authorization.answers.model import AuthorizationResponse, Device, OwnPage
from authserver.authorization.answers.query import by_query
from authserver.protocol.names import (
    RESPONSE_MODE_FORM_POST,
    RESPONSE_MODE_FORM_POST_JWT,
    RESPONSE_MODE_FRAGMENT,
    RESPONSE_MODE_FRAGMENT_JWT,
    RESPONSE_MODE_JWT,
    RESPONSE_MODE_QUERY,
    RESPONSE_MODE_QUERY_JWT,
)
from authserver.web.machine.model import MachineResponse
from authserver.web.pages.page import Pages

ENCODERS: Final[Mapping[str, Callable[[str, AuthorizationResponse, Pages], MachineResponse]]] = {
    RESPONSE_MODE_QUERY: by_query,
    RESPONSE_MODE_FRAGMENT: by_fragment,
    RESPONSE_MODE_FORM_POST: by_form_post,
    RESPONSE_MODE_JWT: by_query,  # as the response type `code` travels where no mode is named
    RESPONSE_MODE_QUERY_JWT: by_query,
    RESPONSE_MODE_FRAGMENT_JWT: by_fragment,
    RESPONSE_MODE_FORM_POST_JWT: by_form_post,
}
"""Every response mode that can be encoded; in those of JARM the answer was signed before.

Which of them a client may name is for its profile to say."""


def send(answer: AuthorizationResponse, pages: Pages) -> MachineResponse:
    """Return the response that takes an answer to where it belongs.

    Spec: FAPI2-SP-FINAL-5.3.2.2-10, FAPI2-SP-FINAL-5.3.2.2-11, OAUTH-FORM-POST-2, JARM-2.3
    """
    delivery = answer.delivery
    if isinstance(delivery, OwnPage):
        return by_query(delivery.url, answer, pages)
    if isinstance(delivery, Device):
        return by_device(answer, pages)
    return ENCODERS[delivery.response_mode](delivery.redirect_uri, answer, pages)
