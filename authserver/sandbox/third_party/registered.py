"""The demo's clients, as the app and the checks use them: each with its own credentials, over HTTPS."""

from collections.abc import Mapping
from typing import Any

from joserfc.jwk import ECKey

from authserver.clock import Clock
from authserver.sandbox import registrations as ids
from authserver.sandbox.credentials import SELF_SIGNED, load_client_key
from authserver.sandbox.layout import BANK_CREDENTIAL, DemoLayout
from authserver.sandbox.third_party.client import (
    ByCertificate,
    ClientAuthenticationMethod,
    OAuthClient,
    PrivateKeyJwt,
    SecretBasic,
)
from authserver.sandbox.third_party.http import HttpsClient

Metadata = Mapping[str, Any]


def open_penny_planner(places: DemoLayout, metadata: Metadata, clock: Clock) -> OAuthClient:
    """Return the client with `private_key_jwt` whose tokens are bound to its certificate."""
    key = PrivateKeyJwt(ids.PENNY_PLANNER, places.issuer, load_client_key(places, ids.PENNY_PLANNER))
    return _with_certificate(places, metadata, clock, ids.PENNY_PLANNER, authentication=key)


def open_penny_planner_dpop(places: DemoLayout, metadata: Metadata, clock: Clock) -> OAuthClient:
    """Return the client with `private_key_jwt` whose tokens are bound to a DPoP key made for this run."""
    key = PrivateKeyJwt(ids.PENNY_PLANNER_DPOP, places.issuer, load_client_key(places, ids.PENNY_PLANNER_DPOP))
    https = HttpsClient(places.authority)
    client = OAuthClient(ids.PENNY_PLANNER_DPOP, places.callback, metadata, https, key, clock)
    client.dpop_key = ECKey.generate_key("P-256")
    return client


def open_ledger_sync(places: DemoLayout, metadata: Metadata, clock: Clock) -> OAuthClient:
    """Return the client with `tls_client_auth`."""
    return _with_certificate(places, metadata, clock, ids.LEDGER_SYNC)


def open_till_reporter(places: DemoLayout, metadata: Metadata, clock: Clock) -> OAuthClient:
    """Return the client with `self_signed_tls_client_auth`."""
    return _with_certificate(places, metadata, clock, ids.TILL_REPORTER, certificate=SELF_SIGNED)


def open_news_club(places: DemoLayout, metadata: Metadata, clock: Clock) -> OAuthClient:
    """Return the plain login app with `client_secret_basic`."""
    secret = (places.clients / f"{ids.NEWS_CLUB}.secret").read_text(encoding="utf-8")
    https = HttpsClient(places.authority)
    return OAuthClient(ids.NEWS_CLUB, places.callback, metadata, https, SecretBasic(ids.NEWS_CLUB, secret), clock)


def open_resource_server(places: DemoLayout, metadata: Metadata, clock: Clock, client_id: str) -> OAuthClient:
    """Return one of the bank's sides, to introspect as it does."""
    return _with_certificate(places, metadata, clock, client_id, certificate=BANK_CREDENTIAL)


def _with_certificate(
    places: DemoLayout,
    metadata: Metadata,
    clock: Clock,
    client_id: str,
    *,
    certificate: str = "",
    authentication: ClientAuthenticationMethod | None = None,
) -> OAuthClient:
    https = HttpsClient(places.authority, places.certificate(certificate or client_id))
    how = authentication or ByCertificate(client_id)
    return OAuthClient(client_id, places.callback, metadata, https, how, clock, with_certificate=True)
