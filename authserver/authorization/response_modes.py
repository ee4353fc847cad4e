"""How an authorization response reaches the client: in the query of a redirect, or posted by a form."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

QUERY: Final = "query"
FORM_POST: Final = "form_post"


def add_to_query(redirect_uri: str, parameters: Mapping[str, str]) -> str:
    """Return the redirect URI with the response added behind whatever query it was registered with.

    Spec: RFC6749-4.1.2, RFC6749-3.1.2
    """
    separator = "&" if "?" in redirect_uri else "?"
    return redirect_uri + separator + urlencode(parameters, quote_via=quote, safe="")


def success_parameters(code: str, state: str | None, issuer: str) -> dict[str, str]:
    """Return the parameters of a successful response.

    Spec: RFC6749-4.1.2, RFC9207-2, FAPI2-SP-FINAL-5.3.2.2-7, RFC9700-4.4.2
    """
    return {"code": code, **_state(state), "iss": issuer}


def error_parameters(error: str, description: str, state: str | None, issuer: str) -> dict[str, str]:
    """Return the parameters of an error response.

    Spec: RFC6749-4.1.2.1, RFC9207-2
    """
    return {"error": error, "error_description": description, **_state(state), "iss": issuer}


def _state(state: str | None) -> dict[str, str]:
    return {} if state is None else {"state": state}
