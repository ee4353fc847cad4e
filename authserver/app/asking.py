"""The endpoints at which authorization is asked for, and what carries a request on to its answer."""

from authserver.app.parts import Parts
from authserver.authorization.answers.signed import ResponseSigner
from authserver.authorization.dispatch import Dispatcher
from authserver.authorization.endpoints.authorize import Authorize
from authserver.authorization.endpoints.device import DeviceAuthorizationEndpoint
from authserver.authorization.endpoints.par import PushedAuthorizationRequest
from authserver.authorization.respond import AnswerPolicy
from authserver.protocol import urls
from authserver.selfservice.account_page import PATHS


def pushed_requests(parts: Parts) -> PushedAuthorizationRequest:
    """Return the endpoint for pushed requests."""
    return PushedAuthorizationRequest(
        parts.database,
        parts.clock,
        parts.reception,
        parts.request_policy,
        parts.request_objects(),
        parts.settings.par_lifetime,
    )


def device_authorization(parts: Parts) -> DeviceAuthorizationEndpoint:
    """Return the endpoint at which devices ask."""
    return DeviceAuthorizationEndpoint(
        parts.database,
        parts.clock,
        parts.reception,
        parts.request_policy,
        parts.settings.issuer + urls.VERIFICATION,
        parts.settings.device_code_lifetime,
    )


def authorize_endpoint(parts: Parts) -> Authorize:
    """Return the endpoint to which browsers are sent."""
    settings = parts.settings
    return Authorize(
        database=parts.database,
        clock=parts.clock,
        registry=parts.registry,
        pages=parts.pages,
        events=parts.journal.tell,
        policy=parts.request_policy,
        request_objects=parts.request_objects(),
        conduct=dispatcher(parts),
        session_limits=parts.session_limits,
        pushed_lifetime_seconds=settings.par_lifetime,
        limits=parts.limits.machine,
        envelope=parts.envelope,
    )


def dispatcher(parts: Parts) -> Dispatcher:
    """Return what carries interactions on, to the answer."""
    settings = parts.settings
    return Dispatcher(
        parts.database,
        parts.journal,
        AnswerPolicy(settings.issuer, settings.code_lifetime, settings.grant_lifetime, settings.refresh_idle_lifetime),
        ResponseSigner(parts.keys.current),
        parts.registry.find,
        parts.audiences,
        own_pages=frozenset(settings.issuer + path for path in PATHS),
        offers_passkeys=settings.first_factor_enrolment == "password",
    )
