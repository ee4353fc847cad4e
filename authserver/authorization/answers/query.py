"""`query`: the response is added to the query of the redirect URI."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from authserver.authorization.answers.model import AuthorizationResponse
from authserver.web.machine.model import MachineResponse
from authserver.web.machine.responses import see_other
from authserver.web.pages.page import Pages


def by_query(url: str, answer: AuthorizationResponse, _pages: Pages) -> MachineResponse:
    """Return the redirect that carries the response in its query.

    Spec: RFC6749-4.1.2, FAPI2-SP-FINAL-5.3.2.2-10, FAPI2-SP-FINAL-5.3.2.2-11
    """
    return see_other(add_to_query(url, answer.parameters))


def add_to_query(url: str, parameters: Mapping[str, str]) -> str:
    """Return a URL with the response added behind whatever query it has, as a redirect URI may be registered with one.

    Spec: RFC6749-4.1.2, RFC6749-3.1.2
    """
    separator = "&" if "?" in url else "?"
    return url + separator + urlencode(parameters, quote_via=quote, safe="")
