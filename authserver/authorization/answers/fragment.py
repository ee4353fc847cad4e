"""`fragment`: the response is the fragment of the redirect URI, which no server is sent."""

from urllib.parse import quote, urlencode

from authserver.authorization.answers.model import AuthorizationResponse
from authserver.web.machine.model import MachineResponse
from authserver.web.machine.responses import see_other
from authserver.web.pages.page import Pages


def by_fragment(url: str, answer: AuthorizationResponse, _pages: Pages) -> MachineResponse:
    """Return the redirect that carries the response in its fragment; a registered redirect URI has none of its own.

    Spec: OAUTH-MRT-2.1, RFC6749-3.1.2
    """
    return see_other(f"{url}#{urlencode(answer.parameters, quote_via=quote, safe='')}")
