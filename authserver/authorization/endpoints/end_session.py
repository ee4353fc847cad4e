"""The end session endpoint: an app asks that the person be signed out here too."""

from collections.abc import Callable, Mapping

from authserver.authorization.checks.correlation import MAX_STATE_CHARACTERS
from authserver.authorization.hints import parse_ui_locales
from authserver.authorization.id_token_hint import read_id_token_hint
from authserver.authorization.sign_out import LIFETIME_SECONDS, SignOutRequest, seal_sign_out
from authserver.clients.authenticated_request import RequestLimiter
from authserver.clients.model import Client
from authserver.clock import Clock
from authserver.events.catalogue import SIGN_OUT_REFUSED
from authserver.events.model import ANYONE, Event, EventSink
from authserver.keys.model import PublicKeys
from authserver.limits.rates import address_key
from authserver.profiles.model import Profile
from authserver.protocol.errors import InvalidRequest, OAuthError
from authserver.protocol.params import Params
from authserver.protocol.redirect_uri import matches_registered
from authserver.sealing.envelope import Envelope
from authserver.values import Assembly, Hidden
from authserver.web.machine.forms import read_form, read_query
from authserver.web.machine.model import MachineRequest, MachineResponse
from authserver.web.machine.responses import see_other
from authserver.web.pages.i18n import wish
from authserver.web.pages.page import Pages


class EndSession(Assembly, frozen=True):
    """`GET` and `POST /end_session`: checked here, and answered on the page where a person signs out.

    Nothing is ended here, so that no link of a stranger signs anybody out. `own_keys` are all that ever signed an ID
    token; `find_client` finds a client that may be served.

    Spec: OIDC-RPINIT-2, OIDC-RPINIT-4
    """

    clock: Clock
    limits: RequestLimiter
    pages: Pages
    events: EventSink
    issuer: str
    profiles: frozenset[Profile]
    find_client: Callable[[str], Client | None]
    own_keys: Callable[[], PublicKeys]
    envelope: Hidden[Envelope]

    def __call__(self, request: MachineRequest) -> MachineResponse:
        """Answer one request, with a page where it is refused: nothing is believed of where it would lead."""
        now = self.clock()
        try:
            self.limits.hit("authorize.address", address_key(request.remote_address))
            params = read_query(request) if request.method == "GET" else read_form(request)
            wish(parse_ui_locales(params.get("ui_locales")), now)
            return see_other(seal_sign_out(self.envelope, self._parse(params, now)))
        except OAuthError as error:
            facts = error.operator_facts()
            self.events(Event(SIGN_OUT_REFUSED, now, ANYONE, correlation_id=request.correlation_id, detail=facts))
            return self.pages.error(error, request.correlation_id)

    def _parse(self, params: Params, now: int) -> SignOutRequest:
        """Return the request of the parameters.

        Raises InvalidRequest where the hint is not ours, two clients are named, or the address is not registered.

        Spec: OIDC-RPINIT-2, OIDC-RPINIT-3, OIDC-RPINIT-4
        """
        hint, state = self._hint(params), params.get("state")
        named, hinted = params.get("client_id"), str(hint["aud"]) if hint else None
        if named is not None and hinted is not None and named != hinted:
            raise InvalidRequest("The id_token_hint is of another client.", clause="OIDC-RPINIT-2")
        if state is not None and len(state) > MAX_STATE_CHARACTERS:
            raise InvalidRequest("The state is too long.", clause="OIDC-RPINIT-2")
        client_id = named if hinted is None else hinted
        client = None if client_id is None else self.find_client(client_id)
        session_id = str(hint["sid"]) if hint and client is not None and "sid" in hint else None
        redirect_uri = _check_address(params.get("post_logout_redirect_uri"), client)
        known = None if client is None else client.client_id
        return SignOutRequest(known, redirect_uri, state, session_id, now + LIFETIME_SECONDS)

    def _hint(self, params: Params) -> Mapping[str, object] | None:
        hint = params.get("id_token_hint")
        if hint is None:
            return None
        algorithms = frozenset[str]().union(*(profile.id_token_algorithms for profile in self.profiles))
        return read_id_token_hint(hint, self.own_keys(), algorithms, self.issuer, clause="OIDC-RPINIT-2")


def _check_address(redirect_uri: str | None, client: Client | None) -> str | None:
    """Return the address at which the person is to arrive, which is one that the client registered.

    Spec: OIDC-RPINIT-3, RFC9700-4.11
    """
    if redirect_uri is None:
        return None
    if client is None:
        raise InvalidRequest(
            "A post_logout_redirect_uri needs an id_token_hint or a client_id.", clause="OIDC-RPINIT-3"
        )
    if not matches_registered(redirect_uri, client.post_logout_redirect_uris):
        raise InvalidRequest("The post_logout_redirect_uri is not registered.", clause="OIDC-RPINIT-3")
    return redirect_uri
