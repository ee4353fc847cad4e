"""Reading a request's parameters: from the form body or from the query, never from both."""

from authserver.protocol.errors import InvalidRequest, UnsupportedMediaType
from authserver.protocol.params import Params, parse_params
from authserver.web.machine.model import MachineRequest

FORM = "application/x-www-form-urlencoded"


def read_form(request: MachineRequest) -> Params:
    """Return the parameters of a form body.

    Raises UnsupportedMediaType for another content type, InvalidRequest for parameters in the URL, for bytes that are
    not ASCII, and for repeated parameters.

    Spec: RFC6749-2.3.1, RFC6749-3.2, RFC6749-B
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != FORM:
        raise UnsupportedMediaType("The body must be a form, application/x-www-form-urlencoded.", clause="RFC6749-3.2")
    if request.query:
        raise InvalidRequest("Parameters must be sent in the request body, not in the query.", clause="RFC6749-2.3.1")
    try:
        return parse_params(request.body.decode("ascii"))
    except UnicodeDecodeError as error:
        raise InvalidRequest(
            "The body must be ASCII, with other characters percent-encoded.",
            reason="bytes outside ASCII in the body",
            clause="RFC6749-B",
        ) from error


def read_query(request: MachineRequest) -> Params:
    """Return the parameters of the query.

    Raises InvalidRequest where they are repeated or cannot be read.

    Spec: RFC6749-3.1
    """
    return parse_params(request.query)
