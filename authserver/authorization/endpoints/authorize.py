"""The browser's way through an authorization request: the first visit, and each return from a page."""

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from authserver.accounts.factors.model import Factor
from authserver.authorization.account_request import is_sealed, open_account_request
from authserver.authorization.answers.model import AuthorizationResponse, Delivery
from authserver.authorization.answers.send import send
from authserver.authorization.asked import AuthorizationRequest
from authserver.authorization.dispatch import Dispatcher
from authserver.authorization.model import BrowserCookies, Visit
from authserver.authorization.next_step import NextStep
from authserver.authorization.parse import RequestPolicy, parse_redirect, parse_request
from authserver.authorization.request_object import RequestObjects
from authserver.authorization.store import find_pushed, find_visit, open_interaction, pushed_row
from authserver.authorization.stored_request import check_pushed, unknown_reference
from authserver.clients.authenticated_request import RequestLimiter
from authserver.clients.model import Client
from authserver.clients.registry import ClientRegistry
from authserver.clock import Clock
from authserver.db.engine import Database
from authserver.db.writes import Writes
from authserver.events.catalogue import AUTHORIZATION_PAGE_REFUSED
from authserver.events.model import ANYONE, Event, EventSink
from authserver.limits.rates import address_key
from authserver.protocol.errors import InvalidRequest, OAuthError, RequestUriNotSupported, SignInOver
from authserver.protocol.handles import new_handle
from authserver.protocol.names import OWN_CLIENT_ID, REQUEST_URI_PREFIX
from authserver.protocol.params import Params
from authserver.protocol.urls import AUTHORIZE
from authserver.sealing.envelope import Envelope
from authserver.sessions.model import SessionLimits
from authserver.values import Assembly, Hidden, replace
from authserver.web.machine.forms import read_form, read_query
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import Headers, see_other
from authserver.web.pages.cookies import BROWSER_COOKIE, SESSION_COOKIE, check_cookies, read_cookie, set_cookie
from authserver.web.pages.i18n import wish
from authserver.web.pages.page import Pages

INTERACTION_LIFETIME_SECONDS = 900
"""How long a person may take over the pages; the pushed request's own expiry is checked on the first visit only."""

PAGES: Mapping[NextStep, str] = {
    NextStep.LOGIN: "/login",
    NextStep.ENROL: "/enrol",
    NextStep.OFFER: "/login/passkey/offer",
    NextStep.APPROVE: "/approve",
    NextStep.CONSENT: "/consent",
}


class Authorize(Assembly, frozen=True):
    """`/authorize` opens an interaction; `/authorize/continue` carries it on after each page, to the answer.

    Until a client and its redirect URI are known to belong together every refusal is a page, never a redirect. Browsers
    navigate here: no header lets another origin's script read an answer.

    Spec: RFC6749-4.1.1, RFC9126-4, OIDCC-3.1.2, RFC9700-4.11, FAPI2-SP-FINAL-5.2.3-3, FAPI2-SP-FINAL-5.3.2.1-7,
    RFC9700-2.6-5
    """

    database: Database
    clock: Clock
    registry: ClientRegistry
    pages: Pages
    events: EventSink
    policy: Callable[[], RequestPolicy]
    request_objects: RequestObjects
    conduct: Dispatcher
    session_limits: SessionLimits
    pushed_lifetime_seconds: int
    limits: RequestLimiter
    envelope: Hidden[Envelope]

    def begin(self, request: MachineRequest) -> MachineResponse:
        """Answer the first visit."""
        try:
            return self._begin(request, self.clock())
        except OAuthError as error:
            return self._error_page(error, request)

    def proceed(self, request: MachineRequest) -> MachineResponse:
        """Answer the return from a page."""
        try:
            return self._proceed(request)
        except OAuthError as error:
            return self._error_page(error, request)

    def _begin(self, request: MachineRequest, now: int) -> MachineResponse:
        self.limits.hit("authorize.address", address_key(request.remote_address))
        params = read_query(request) if request.method == "GET" else read_form(request)
        client_id, reference = params.require("client_id", clause="RFC6749-4.1.1"), params.get("request_uri")
        client = None if client_id == OWN_CLIENT_ID else self._find_client(client_id)
        if reference is not None and request.method == "POST":
            return _by_get(client_id, reference)
        if client is None:
            return self._begin_own(request, reference, now)
        if reference is None:
            return self._begin_plain(request, params, client, now)
        if not (reference.startswith(REQUEST_URI_PREFIX) or client.require_pushed_authorization_requests):
            return self._refuse_plain(params, client, _foreign_reference())
        return self._begin_stored(request, client_id, reference, now)

    def _begin_own(self, request: MachineRequest, reference: str | None, now: int) -> MachineResponse:
        """Open an interaction for one of our own pages, whose requests are sealed by us alone.

        Spec: RFC9126-4
        """
        if reference is None:
            raise InvalidRequest("The request must be pushed first.", clause="RFC9126-4")
        if not is_sealed(reference):
            raise unknown_reference()
        asked = open_account_request(self.envelope, reference, now)
        return self._begin_stored(request, OWN_CLIENT_ID, self._store(asked, now), now)

    def _begin_stored(self, request: MachineRequest, client_id: str, reference: str, now: int) -> MachineResponse:
        """Open an interaction for a stored request of whoever asks under this id."""
        cookies = _read_cookies(request)
        with self.database.read() as connection:
            found = find_pushed(connection, reference, cookies.session, self.session_limits, now)
        if found is None:
            raise unknown_reference()
        pushed, visitor = found
        check_pushed(pushed, client_id, now)
        browser = replace(cookies, browser=cookies.browser or new_handle())
        handle = new_handle()
        interaction, row = open_interaction(pushed, handle, browser, (now, now + INTERACTION_LIFETIME_SECONDS))
        self.database.write(Writes(rows=(row,)))
        headers = () if cookies.browser else (set_cookie(BROWSER_COOKIE, browser.browser),)
        return self._advance(request, handle, Visit(interaction, visitor), headers)

    def _begin_plain(self, request: MachineRequest, params: Params, client: Client, now: int) -> MachineResponse:
        """Open an interaction for a request in the URL itself, where the client's profile permits one.

        Spec: FAPI2-SP-FINAL-5.3.2.2-4, RFC9126-5, RFC9101-5
        """
        if client.require_pushed_authorization_requests:
            raise InvalidRequest(
                "The request must be pushed first.", clause=client.profile.clause("pushed_requests_required")
            )
        try:
            opened = self.request_objects.open(params, client, now)
        except OAuthError as error:
            if "redirect_uri" not in params:
                raise
            return self._refuse_plain(params, client, error)
        parse_redirect(opened, client)
        try:
            asked = parse_request(opened, client, self.policy())
        except OAuthError as error:
            return self._refuse_plain(opened, client, error)
        request_uri = self._store(asked, now)
        if request.method == "POST":
            return _by_get(client.client_id, request_uri)
        return self._begin_stored(request, client.client_id, request_uri, now)

    def _store(self, asked: tuple[AuthorizationRequest, Delivery], now: int) -> str:
        """Store a request that was not pushed, and return its reference."""
        request_uri = REQUEST_URI_PREFIX + new_handle()
        row = pushed_row(asked, request_uri, now=now, lifetime=self.pushed_lifetime_seconds)
        self.database.write(Writes(rows=(row,)))
        return request_uri

    def _refuse_plain(self, params: Params, client: Client, error: OAuthError) -> MachineResponse:
        """Return a refusal to a redirect URI that is known, for a request that otherwise cannot be accepted."""
        refusal = self.conduct.refuse(parse_redirect(params, client), client, error, self.clock())
        return send(refusal, self.pages)

    def _proceed(self, request: MachineRequest) -> MachineResponse:
        handle = read_query(request).require("interaction", clause="RFC6749-4.1.1")
        with self.database.read() as connection:
            visit = find_visit(connection, _read_cookies(request), handle, self.session_limits, self.clock())
        if visit is None or visit.interaction.completed_at is not None:
            raise SignInOver("This sign-in has ended or belongs to another browser.", clause="RFC6749-10.12")
        return self._advance(request, handle, visit, ())

    def _advance(self, request: MachineRequest, handle: str, visit: Visit, headers: Headers) -> MachineResponse:
        """Go to the next page or to the client."""
        wish(visit.interaction.request.ui_locales, visit.interaction.created_at)
        outcome = self.conduct.decide(visit, self.clock(), request.correlation_id)
        if isinstance(outcome, AuthorizationResponse):
            response = send(outcome, self.pages)
        else:
            path = outcome.path if isinstance(outcome, Factor) else PAGES[outcome]
            response = see_other(f"{path}?{urlencode({'interaction': handle})}")
        return MachineResponse(response.status, (*response.headers, *headers), response.body)

    def _find_client(self, client_id: str) -> Client:
        """Return a registered client that is not disabled; it is asked for again before every answer.

        Spec: RFC6749-4.1.2.1
        """
        client = self.registry.find(client_id)
        if client is None:
            raise InvalidRequest("No such client is registered.", clause="RFC6749-4.1.2.1")
        return client

    def _error_page(self, error: OAuthError, request: MachineRequest) -> MachineResponse:
        self.events(
            Event(
                AUTHORIZATION_PAGE_REFUSED,
                self.clock(),
                ANYONE,
                correlation_id=request.correlation_id,
                detail=error.operator_facts(),
            )
        )
        return self.pages.error(error, request.correlation_id)


def _read_cookies(request: MachineRequest) -> BrowserCookies:
    check_cookies(request.headers.get("cookie"))
    cookies = request.headers.get("cookie", "")
    return BrowserCookies(read_cookie(cookies, BROWSER_COOKIE), read_cookie(cookies, SESSION_COOKIE))


def _by_get(client_id: str, reference: str) -> MachineResponse:
    """Have the browser come again by GET: with a form posted from another site it sends none of our cookies.

    Spec: OIDCC-3.1.2.1
    """
    return see_other(f"{AUTHORIZE}?" + urlencode({"client_id": client_id, "request_uri": reference}))


def _foreign_reference() -> RequestUriNotSupported:
    return RequestUriNotSupported("A request_uri must come from this server.", clause="OIDCC-6.2")
