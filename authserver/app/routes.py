"""The table of URLs, and what answers each."""

import os

from flask import Blueprint

from authserver.accounts.factors.password.hashing import PasswordPool
from authserver.app.account_pages import account_pages
from authserver.app.asking import authorize_endpoint, device_authorization, dispatcher, pushed_requests
from authserver.app.parts import Parts
from authserver.app.registration import registration_routes
from authserver.authorization.endpoints.end_session import EndSession
from authserver.banking.own_accounts import stored_accounts
from authserver.banking.unlinked import parse_limits
from authserver.clients.browser_apps import BrowserApps
from authserver.clock import monotonic_milliseconds
from authserver.discovery.document import MetadataDocument
from authserver.discovery.endpoints.well_known import Jwks, Metadata
from authserver.discovery.metadata import Deployment
from authserver.interaction.consent import ConsentTerms
from authserver.interaction.pages.approve import ApproveDeps, approve_page
from authserver.interaction.pages.consent import ConsentDeps, consent_page
from authserver.interaction.pages.device import DeviceDeps, device_page
from authserver.interaction.pages.login import LoginDeps, login_page
from authserver.interaction.pages.logout import logout_page
from authserver.interaction.pages.passkey import PasskeyDeps, passkey_pages
from authserver.interaction.pages.recovery import recovery_page
from authserver.interaction.pages.totp import TotpDeps, totp_page
from authserver.interaction.payment_approval import CONSENT_SECONDS, ApprovalTerms
from authserver.interaction.step import StepDeps
from authserver.issuance.access_token import AccessTokenIssuer
from authserver.issuance.issue import Mint
from authserver.profiles.catalogue import PROFILES
from authserver.protocol import urls
from authserver.protocol.handles import new_handle
from authserver.protocol.names import (
    GRANT_AUTHORIZATION_CODE,
    GRANT_CLIENT_CREDENTIALS,
    GRANT_DEVICE_CODE,
    GRANT_REFRESH_TOKEN,
)
from authserver.resource.checks import Expectation
from authserver.settings.model import Settings
from authserver.tokens.endpoints.ended_tokens import EndedTokens
from authserver.tokens.endpoints.introspection import Introspection
from authserver.tokens.endpoints.revocation import Revocation
from authserver.tokens.endpoints.token import TokenEndpoint
from authserver.tokens.endpoints.userinfo import UserInfo
from authserver.tokens.grant_type import GrantType
from authserver.tokens.grant_types.authorization_code import AuthorizationCodeGrant
from authserver.tokens.grant_types.client_credentials import ClientCredentialsGrant
from authserver.tokens.grant_types.device_code import DeviceCodeGrant
from authserver.tokens.grant_types.refresh_token import RefreshTokenGrant
from authserver.web.headers import COMMON_HEADERS
from authserver.web.health import Readiness, healthz
from authserver.web.machine.client_certificate import certificate_from_environ, client_address
from authserver.web.machine.cors import CrossOrigin, Readers
from authserver.web.machine.router import EndpointMiddleware, Route
from authserver.web.pages.csrf import CsrfProtection
from authserver.web.request_id import new_correlation_id
from authserver.web.request_log import ErrorHandler


def metadata_document(parts: Parts) -> MetadataDocument:
    """Return the document that both well-known paths answer with."""
    return MetadataDocument(lambda: _deployment(parts))


def machine_routes(parts: Parts, document: MetadataDocument) -> tuple[Route, ...]:
    """Return the table of machine URLs."""
    authorize = authorize_endpoint(parts)
    metadata = Metadata(document.read)
    readiness = Readiness(
        (("database", parts.database.can_write), ("keys", lambda: bool(parts.keys.current().signers))),
        monotonic_milliseconds,
    )
    get, post, both = ("GET", "HEAD"), ("POST",), ("GET", "POST")
    registered, anyone = Readers.REGISTERED, Readers.ANYONE
    revocation = Revocation(parts.database, parts.clock, parts.reception, parts.journal.tell)
    return (
        Route(urls.PUSHED_REQUEST, post, pushed_requests(parts), registered),
        *(
            [Route(urls.DEVICE_AUTHORIZATION, post, device_authorization(parts), registered)]
            if _has_devices(parts.settings)
            else []
        ),
        Route(urls.AUTHORIZE, both, authorize.begin),
        Route(urls.AUTHORIZE_CONTINUE, ("GET",), authorize.proceed),
        Route(urls.TOKEN, post, _token(parts), registered),
        Route(urls.INTROSPECTION, post, _introspection(parts)),
        Route(urls.ENDED_TOKENS, post, _ended_tokens(parts)),
        Route(urls.REVOCATION, post, revocation, registered),
        Route(urls.END_SESSION, both, _end_session(parts)),
        Route(urls.USERINFO, both, _userinfo(parts), registered),
        Route(urls.JWKS, get, Jwks(parts.keys.jwks), anyone),
        Route(urls.JWKS_ARCHIVE, get, Jwks(parts.keys.archive)),
        Route(urls.OPENID_CONFIGURATION, get, metadata, anyone),
        Route(urls.OAUTH_METADATA, get, metadata, anyone),
        *registration_routes(parts),
        Route("/healthz", get, healthz),
        Route("/readyz", get, readiness),
    )


def page_blueprints(parts: Parts) -> tuple[Blueprint, ...]:
    """Return the pages that people meet."""
    step = StepDeps(
        database=parts.database,
        pages=parts.pages,
        csrf=CsrfProtection(parts.envelope.derive("csrf"), frozenset({parts.settings.issuer})),
        limits=parts.limits,
        clock=parts.clock,
        journal=parts.journal,
        find_client=parts.registry.find,
        session_limits=parts.session_limits,
        attempts=parts.attempts,
        address=lambda environ: client_address(environ, parts.certificates),
    )
    passwords = _password_pool(parts.settings)
    servers = parts.registry.resource_servers
    terms, described = ConsentTerms(new_handle, parts.settings.consent_lifetime), parts.settings.scope_descriptions
    return (
        login_page(LoginDeps(step, passwords, parts.passkeys)),
        totp_page(TotpDeps(step, parts.envelope)),
        recovery_page(step),
        *passkey_pages(PasskeyDeps(step, parts.passkeys)),
        consent_page(ConsentDeps(step, dispatcher(parts), terms, stored_accounts, described, servers)),
        *([device_page(DeviceDeps(step, parts.settings.par_lifetime))] if _has_devices(parts.settings) else []),
        logout_page(step, parts.envelope, parts.settings.issuer),
        *([approve_page(_approving(parts, step))] if parts.settings.banking == "on" else []),
        *account_pages(parts, step, passwords),
    )


def _approving(parts: Parts, step: StepDeps) -> ApproveDeps:
    return ApproveDeps(
        step=step,
        accounts_of=stored_accounts,
        approving=ApprovalTerms(
            ConsentTerms(new_handle, CONSENT_SECONDS),
            ConsentTerms(new_handle, parts.settings.consent_lifetime),
            parts.session_limits,
            parts.journal,
        ),
        ceremonies=parts.passkeys,
        unlinked_limits=parse_limits(parts.settings.payment_unlinked_limit),
        envelope=parts.envelope,
    )


def _password_pool(settings: Settings) -> PasswordPool:
    """Return a pool that leaves half of the worker's threads free of sign-ins, for tokens."""
    admitted = max(1, settings.threads // 2)
    places = min(settings.password_hashes, admitted, os.cpu_count() or 1)
    return PasswordPool(places, max_waiting=admitted - places)


def _has_devices(settings: Settings) -> bool:
    """Return whether a profile that is switched on lets devices ask."""
    return any(GRANT_DEVICE_CODE in PROFILES[name].grant_types for name in settings.profiles)


def _end_session(parts: Parts) -> EndSession:
    settings = parts.settings
    return EndSession(
        clock=parts.clock,
        limits=parts.limits.machine,
        pages=parts.pages,
        events=parts.journal.tell,
        issuer=settings.issuer,
        profiles=frozenset(PROFILES[name] for name in settings.profiles),
        find_client=parts.registry.find,
        own_keys=lambda: parts.keys.current().ever,
        envelope=parts.envelope,
    )


def _token(parts: Parts) -> TokenEndpoint:
    settings = parts.settings
    grant_types: dict[str, GrantType] = {
        GRANT_AUTHORIZATION_CODE: AuthorizationCodeGrant(),
        GRANT_REFRESH_TOKEN: RefreshTokenGrant(
            parts.envelope, settings.refresh_rotation, settings.refresh_idle_lifetime
        ),
        GRANT_CLIENT_CREDENTIALS: ClientCredentialsGrant(),
        GRANT_DEVICE_CODE: DeviceCodeGrant(),
    }
    return TokenEndpoint(
        database=parts.database,
        clock=parts.clock,
        reception=parts.reception,
        grant_types=grant_types,
        keys=parts.keys.current,
        resource_servers=parts.registry.resource_servers,
        audiences=parts.audiences,
        mint=Mint(
            AccessTokenIssuer(settings.issuer, settings.access_token_lifetime, settings.payment_token_lifetime),
            settings.id_token_lifetime,
        ),
        journal=parts.journal,
    )


def _introspection(parts: Parts) -> Introspection:
    return Introspection(
        database=parts.database,
        clock=parts.clock,
        reception=parts.reception,
        keys=parts.keys.current,
        issuer=parts.settings.issuer,
        max_age_seconds=parts.settings.introspection_max_age,
    )


def _ended_tokens(parts: Parts) -> EndedTokens:
    max_age_seconds = parts.settings.introspection_max_age
    return EndedTokens(parts.database, parts.clock, parts.reception, max_age_seconds)


def _userinfo(parts: Parts) -> UserInfo:
    issuer = parts.settings.issuer
    # What binds a token is the registration's to say, as it is now: a log-in app of the plain profile need not.
    expected = Expectation(issuer, audience=issuer, unbound_allowed=True, issued_here=True)
    return UserInfo(parts.database, parts.clock, parts.origins, parts.nonces, expected, parts.registry.find)


def endpoint_middleware(parts: Parts) -> EndpointMiddleware:
    """Return what surrounds every machine endpoint."""
    browser_apps = BrowserApps(parts.database, parts.clock, parts.origins, parts.registry.find)
    return EndpointMiddleware(
        certificate=lambda environ: certificate_from_environ(environ, parts.certificates, parts.count_dropped),
        address=lambda environ: client_address(environ, parts.certificates),
        correlation_id=new_correlation_id,
        run=ErrorHandler(monotonic_milliseconds, parts.pages.error).run,
        cross_origin=CrossOrigin(browser_apps.may_ask, browser_apps.may_read),
        headers=COMMON_HEADERS,
    )


def _deployment(parts: Parts) -> Deployment:
    """Return what the metadata depends on, as it is now."""
    settings, servers = parts.settings, parts.registry.resource_servers()
    return Deployment(
        issuer=settings.issuer,
        mtls_origin=settings.certificate_origin,
        profiles=tuple(PROFILES[name] for name in settings.profiles),
        scopes=tuple(sorted(frozenset[str]().union(*(server.scopes for server in servers)))),
        detail_types=tuple(sorted(frozenset[str]().union(*(each.authorization_details_types for each in servers)))),
        signing_algorithms=parts.keys.current().algorithms(),
        registers_clients=settings.registration != "off",
    )
