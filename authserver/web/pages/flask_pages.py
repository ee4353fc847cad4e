"""Flask's share of every page: response values in and out, headers on each answer, refusals as error pages."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, cast

from flask import Blueprint, Flask, Response, current_app, request
from werkzeug.exceptions import HTTPException

from authserver.clock import Clock, system_clock
from authserver.messages import LANGUAGES
from authserver.protocol.errors import InvalidRequest, OAuthError, RequestTooLarge, ServerError
from authserver.web.headers import COMMON_HEADERS
from authserver.web.machine.model import CORRELATION_ENVIRON_KEY, MAX_BODY_BYTES, MachineResponse
from authserver.web.machine.responses import see_other
from authserver.web.pages import i18n
from authserver.web.pages.cookies import check_cookies
from authserver.web.pages.csrf import SENDER_HEADERS
from authserver.web.pages.page import Pages
from authserver.web.pages.static import PREFIX
from authserver.web.request_id import HEADER
from authserver.web.request_log import describe_failure, log

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_SERVER_ERROR = 500
_MOST_FORM_FIELDS = 64
_REFUSAL_KEY = "authserver.refusal"
_CREDENTIALS = {"username", "password", "totp", "recovery_code"}


class PagesApp(Flask):
    """A Flask application of plain functions: Flask asks each, for every request, whether it is asynchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function as it is."""
        return func


class _FinishedResponse(Response):
    """An answer whose headers and body are sent as they are: Werkzeug looks through them once more."""

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Send it."""
        start_response(self.status, self.headers.to_wsgi_list())
        return [] if environ["REQUEST_METHOD"] == "HEAD" else cast("list[bytes]", self.response)


def to_flask(response: MachineResponse) -> Response:
    """Return a response value as Flask's."""
    return _FinishedResponse(response.body, response.status, list(response.headers))


def correlation_id() -> str:
    """Return the id of the request being answered."""
    return str(request.environ.get(CORRELATION_ENVIRON_KEY, ""))


def sender_headers() -> dict[str, str]:
    """Return what the browser says of the page that sent the request, by lower-case name."""
    return {name: value for name in SENDER_HEADERS if (value := request.headers.get(name)) is not None}


def install_pages(app: Flask, pages: Pages, clock: Clock = system_clock) -> None:
    """Have an application serve our static files, put the common headers on every answer, and show error pages."""
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES, MAX_FORM_MEMORY_SIZE=MAX_BODY_BYTES, MAX_FORM_PARTS=_MOST_FORM_FIELDS
    )
    app.url_map.merge_slashes = False  # else Flask redirects `//`, to whatever host the request names
    app.register_blueprint(_static_files(pages))
    app.before_request(_check_query)
    app.before_request(_check_fields)
    app.before_request(_check_cookies)
    if pages.speaks_others:
        app.before_request(lambda: _switch_language(clock))
    app.after_request(_finish)

    @app.errorhandler(OAuthError)
    def show_refusal(error: OAuthError) -> Response:
        request.environ[_REFUSAL_KEY] = error
        return to_flask(pages.error(error, correlation_id()))

    @app.errorhandler(HTTPException)
    def show_http_error(error: HTTPException) -> Response:
        status = error.code or _SERVER_ERROR
        return to_flask(pages.error(_refusal_for(status), correlation_id()))

    @app.errorhandler(Exception)
    def show_failure(error: Exception) -> Response:
        log.error("failed", correlation_id=correlation_id(), path=request.path, **describe_failure(error))
        refusal = ServerError("The server could not answer.", clause="RFC6749-4.1.2.1")
        return to_flask(pages.error(refusal, correlation_id()))


class _PageNotFound(InvalidRequest):
    """There is no page at this address."""

    code = "not_found"
    status = 404


class _MethodNotAllowed(InvalidRequest):
    """The page is there, but not for this method."""

    status = 405


_HTTP_REFUSALS = {refusal.status: refusal for refusal in (_PageNotFound, _MethodNotAllowed, RequestTooLarge)}


def _refusal_for(status: int) -> OAuthError:
    refusal = _HTTP_REFUSALS.get(status, InvalidRequest)
    return refusal("The request could not be read.", clause="RFC9110-15.5")


def _static_files(pages: Pages) -> Blueprint:
    blueprint = Blueprint("static_files", __name__)

    @blueprint.get(PREFIX + "<name>")
    def serve(name: str) -> Response:
        return to_flask(pages.static.answer(name))

    return blueprint


def _check_query() -> None:
    """Refuse octets outside ASCII in the query, which no browser sends and Flask fails to decode.

    Spec: RFC6749-10.14-1
    """
    if not request.environ.get("QUERY_STRING", "").isascii():
        raise InvalidRequest("The query must contain only ASCII characters.", clause="RFC6749-10.14-1")


def _check_fields() -> None:
    """Refuse a NUL in the address or a form, which nobody types and PostgreSQL takes in no text.

    What a person signs in with is left to its page, which answers every wrong entry in the same words.

    Spec: RFC6749-10.14-1
    """
    query = request.environ.get("QUERY_STRING", "")
    fields = request.form.items(multi=True) if request.method == "POST" else ()
    typed = (text for field in fields if field[0] not in _CREDENTIALS for text in field)
    if "%00" in query or "\x00" in query or any("\x00" in text for text in typed):
        raise InvalidRequest("A field holds a character that is not allowed.", clause="RFC6749-10.14-1")


def _check_cookies() -> None:
    """Refuse a browser whose cookies cannot be read, but for static files: the page that says so needs them."""
    if not request.path.startswith(PREFIX):
        check_cookies(request.headers.get("Cookie"))


def _switch_language(clock: Clock) -> Response | None:
    """Keep the language that a link of the switch names, and show the page anew; else let the page offer the switch."""
    chosen = request.args.get(i18n.PARAMETER)
    if request.method != "GET" or chosen not in LANGUAGES:
        i18n.offer_switch(_can_be_asked_for)
        return None
    here = i18n.address(i18n.without_language(request.query_string.decode("ascii")))
    return to_flask(see_other(here, headers=(i18n.remember_choice(chosen, clock()),)))


def _can_be_asked_for() -> bool:
    """Return whether the present page has an address under which it could be shown in another language.

    One that answers nothing but forms has none.
    """
    return request.method == "GET" or current_app.url_map.bind("").test(request.path, "GET")


def _finish(response: Response) -> Response:
    for name, value in COMMON_HEADERS:
        response.headers[name] = value
    response.headers[HEADER] = correlation_id()
    request_facts = {"correlation_id": correlation_id(), "method": request.method, "path": request.path}
    error = request.environ.get(_REFUSAL_KEY)
    if isinstance(error, OAuthError):
        log.warning("refused", status=response.status_code, **request_facts, **error.operator_facts())
    else:
        log.info("request", status=response.status_code, **request_facts)
    return response
