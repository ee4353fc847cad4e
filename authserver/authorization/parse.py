"""From parameters to an authorization request: every check, then the value."""

from collections.abc import Callable

from authserver.authorization.answers.model import Redirect
from authserver.authorization.asked import AuthorizationRequest
from authserver.authorization.checks.correlation import check_correlation
from authserver.authorization.checks.details import check_details
from authserver.authorization.checks.dpop_jkt import check_dpop_jkt
from authserver.authorization.checks.pkce import check_pkce
from authserver.authorization.checks.request_uri import check_no_request_object, check_request_uri
from authserver.authorization.checks.response_mode import check_response_mode
from authserver.authorization.checks.response_type import check_response_type
from authserver.authorization.checks.scope import check_scope
from authserver.authorization.hints import parse_login_hint, parse_ui_locales
from authserver.authorization.id_token_hint import read_id_token_hint
from authserver.clients.model import Client, ResourceServer
from authserver.issuance.audience import Reach, check_details_served, resolve_audience
from authserver.issuance.rights import keep_claims
from authserver.keys.model import PublicKeys
from authserver.protocol.assurance import strongest, weakest_known
from authserver.protocol.claims import STANDARD_CLAIMS
from authserver.protocol.claims_request import ClaimsRequest, parse_claims_request
from authserver.protocol.demand import (
    AuthenticationDemand,
    parse_max_age,
    parse_prompts,
)
from authserver.protocol.details.model import Details
from authserver.protocol.details.parse import parse_authorization_details
from authserver.protocol.details.registry import check_not_over, type_names
from authserver.protocol.errors import InvalidRequest, InvalidScope
from authserver.protocol.params import Params
from authserver.protocol.redirect_uri import matches_registered
from authserver.protocol.resource import parse_resources
from authserver.protocol.scope import parse_scope
from authserver.values import Hidden, Value, replace

CHECKS: tuple[Callable[[Params, Client], None], ...] = (
    check_request_uri,  # first, so that nothing is read from a request that points elsewhere
    check_response_type,
    check_response_mode,
    check_scope,
    check_pkce,
    check_correlation,
    check_dpop_jkt,
    check_details,
)
"""Every check of a request; the order decides only which fault is named first."""

DEVICE_CHECKS: tuple[Callable[[Params, Client], None], ...] = (check_no_request_object, check_scope, check_details)
"""Those of them that mean something where no redirect carries the answer."""


class RequestPolicy(Value, frozen=True):
    """What the deployment adds to a request.

    The APIs that there are, the acr that scopes and types of details need, the present moment, and the keys of its ID
    tokens.
    """

    servers: tuple[ResourceServer, ...]
    scope_acr: tuple[tuple[str, str], ...]
    detail_acr: tuple[tuple[str, str], ...]
    issuer: str
    now: int
    own_keys: Hidden[PublicKeys]


def resolve_redirect_uri(params: Params, client: Client) -> tuple[str, bool]:
    """Return the redirect URI of a request, and whether the request named it.

    Until this has returned, no answer may be sent to any redirect URI.

    Raises InvalidRequest where it is missing or not, character by character, a registered one.

    Spec: FAPI2-SP-FINAL-5.3.2.2-6, FAPI2-SP-FINAL-5.3.2.1-7, RFC9700-2.1, OIDCC-3.1.2.1, RFC6749-3.1.2.4,
    RFC9700-4.11.2
    """
    redirect_uri = params.get("redirect_uri")
    if redirect_uri is None:
        if client.profile.redirect_uri_required or len(client.redirect_uris) != 1:
            raise InvalidRequest("The redirect_uri is required.", clause=client.profile.clause("redirect_uri_required"))
        return client.redirect_uris[0], False
    if not matches_registered(redirect_uri, client.redirect_uris):
        raise InvalidRequest("The redirect_uri is not registered.", clause="RFC9700-2.1")
    return redirect_uri, True


def parse_redirect(params: Params, client: Client) -> Redirect:
    """Return how a request is answered, as far as that can be told: a refusal of the request travels so too.

    A response mode that the client's profile does not permit is not used, even to say so.

    Raises InvalidRequest where no answer may be sent to any redirect URI.

    Spec: RFC6749-4.1.1, RFC6749-4.1.2.1, OAUTH-MRT-2.1
    """
    redirect_uri, redirect_uri_sent = resolve_redirect_uri(params, client)
    profile, mode = client.profile, params.get("response_mode")
    return Redirect(
        redirect_uri=redirect_uri,
        redirect_uri_sent=redirect_uri_sent,
        response_type=params.get("response_type") or "",
        response_mode=mode if mode in profile.response_modes else profile.default_response_mode,
        state=params.get("state"),
        nonce=params.get("nonce"),
        code_challenge=params.get("code_challenge"),
        dpop_jkt=params.get("dpop_jkt"),
    )


def parse_request(params: Params, client: Client, policy: RequestPolicy) -> tuple[AuthorizationRequest, Redirect]:
    """Return the authorization request that the parameters make, and how it is answered.

    Raises an OAuthError where a check fails.

    Spec: RFC6749-4.1.1, RFC9126-2.1, OIDCC-3.1.2.1
    """
    for check in CHECKS:
        check(params, client)
    redirect = parse_redirect(params, client)
    return _parse_asked(params, client, policy), redirect


def parse_device_request(params: Params, client: Client, policy: RequestPolicy) -> AuthorizationRequest:
    """Return what a device asks for, in the parameters that any authorization request has for it.

    Raises an OAuthError where a check fails.

    Spec: RFC8628-3.1
    """
    for check in DEVICE_CHECKS:
        check(params, client)
    return _parse_asked(params, client, policy)


def _parse_asked(params: Params, client: Client, policy: RequestPolicy) -> AuthorizationRequest:
    claims = _within_registration(parse_claims_request(params.get("claims")), client)
    resources = parse_resources(params.get_all("resource"))
    details = parse_authorization_details(params.get("authorization_details"))
    check_not_over(details, policy.now)
    check_details_served(details, resources, policy.servers)
    scope = _reaching_scope(parse_scope(params.get("scope")), details, resources, policy)
    return AuthorizationRequest(
        client_id=client.client_id,
        scope=scope,
        resources=resources,
        demand=_parse_demand(params, client, claims, _policy_acrs(policy, scope, details)),
        login_hint=parse_login_hint(params.get("login_hint")),
        hinted_subject=_expected_subject(_hinted_subject(params.get("id_token_hint"), client, policy), claims.subject),
        ui_locales=parse_ui_locales(params.get("ui_locales")),
        claims=claims.only(STANDARD_CLAIMS),
        authorization_details=details,
    )


def _within_registration(asked: ClaimsRequest, client: Client) -> ClaimsRequest:
    """Return the claims asked for without those of scopes that the client is not registered for: it gets none of them.

    Spec: OIDCC-5.5
    """
    if not (asked.id_token or asked.userinfo):
        return asked
    return replace(asked, id_token=keep_claims(asked.id_token, client), userinfo=keep_claims(asked.userinfo, client))


def _reaching_scope(
    asked: tuple[str, ...], details: Details, resources: tuple[str, ...], policy: RequestPolicy
) -> tuple[str, ...]:
    """Return what of a scope an API would be told; the rest is not asked of the person either.

    Raises InvalidTarget for a resource at which the request is good for nothing, InvalidScope where no scope is left: a
    token response without any would mean that all of it was granted.

    Spec: RFC8707-2, RFC9396-3.2, RFC6749-3.3, RFC6749-5.1
    """
    scope = resolve_audience(Reach(asked, details, details, resources), policy.servers, policy.issuer).scope
    if asked and not scope:
        raise InvalidScope(
            "No API serves the requested scope and every type of these authorization_details: leave out one of them.",
            clause="RFC9396-3.2",
        )
    return scope


def _policy_acrs(policy: RequestPolicy, scope: tuple[str, ...], details: Details) -> tuple[str, ...]:
    """Return every acr that the deployment asks for these scopes and these types of details.

    Spec: RTS-SCA-4.1
    """
    types = type_names(details)
    of_scope = [acr for name, acr in policy.scope_acr if name in scope]
    return (*of_scope, *(acr for name, acr in policy.detail_acr if name in types))


def _parse_demand(
    params: Params, client: Client, claims: ClaimsRequest, policy_acrs: tuple[str, ...]
) -> AuthenticationDemand:
    """Return the strongest of what the request, the client's registration and the deployment's policy ask.

    Spec: OIDCC-3.1.2.1, OIDCC-5.5.1.1, RFC9470-4
    """
    max_age = parse_max_age(params.get("max_age"))
    return AuthenticationDemand(
        prompts=parse_prompts(params.get("prompt")),
        max_age=client.default_max_age if max_age is None else max_age,
        acr=strongest(
            weakest_known(tuple((params.get("acr_values") or "").split())),
            weakest_known(claims.acr_values),
            weakest_known(client.default_acr_values),
            *policy_acrs,
        ),
        acr_essential=claims.acr_essential and bool(claims.acr_values) and weakest_known(claims.acr_values) is None,
    )


def _expected_subject(hinted: str | None, wanted: str | None) -> str | None:
    """Return who alone may sign in: the person of a hint, or the subject asked for by value.

    Raises InvalidRequest where they are two.

    Spec: OIDCC-3.1.2.2, OIDCC-5.5.1
    """
    if hinted is not None and wanted is not None and hinted != wanted:
        raise InvalidRequest("The id_token_hint is of another subject than the claims.", clause="OIDCC-3.1.2.2")
    return hinted if wanted is None else wanted


def _hinted_subject(hint: str | None, client: Client, policy: RequestPolicy) -> str | None:
    """Return the subject of an ID token that we issued to this client, however old; it hints and proves nothing.

    Spec: OIDCC-3.1.2.1
    """
    if hint is None:
        return None
    algorithms = client.profile.id_token_algorithms
    claims = read_id_token_hint(hint, policy.own_keys, algorithms, policy.issuer, clause="OIDCC-3.1.2.1")
    if claims["aud"] != client.client_id:
        raise InvalidRequest("The id_token_hint is not valid.", reason="another audience", clause="OIDCC-3.1.2.1")
    return str(claims["sub"])
