"""The clients and resource servers of the demo, as their operators would register them."""

import base64

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from joserfc.jwk import ECKey

from authserver.sandbox.credentials import load_client_key, load_self_signed, subject_of
from authserver.sandbox.layout import BANK_CREDENTIAL, DemoLayout

PENNY_PLANNER = "penny-planner"
PENNY_PLANNER_DPOP = "penny-planner-dpop"
LEDGER_SYNC = "ledger-sync"
TILL_REPORTER = "till-reporter"
NEWS_CLUB = "news-club"
BANK_ACCOUNTS = "bank-accounts"
BANK_PAYMENTS = "bank-payments"
SIGNING_CLIENTS = (PENNY_PLANNER, PENNY_PLANNER_DPOP)

DETAIL_TYPES = ("payment_initiation", "variable_recurring_payment", "account_information", "funds_confirmation")
SCOPE = "openid profile email address phone accounts payments offline_access"
_ALL_GRANTS = ["authorization_code", "refresh_token", "client_credentials"]

Metadata = dict[str, object]


def describe_clients(places: DemoLayout) -> tuple[Metadata, ...]:
    """Return the metadata of every client and resource server, in the names of RFC 7591."""
    return (
        {
            **_third_party(places, PENNY_PLANNER, "Penny Planner"),
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": _public_jwks(load_client_key(places, PENNY_PLANNER)),
            "tls_client_certificate_bound_access_tokens": True,
        },
        {
            **_third_party(places, PENNY_PLANNER_DPOP, "Penny Planner Mobile"),
            "token_endpoint_auth_method": "private_key_jwt",
            "jwks": _public_jwks(load_client_key(places, PENNY_PLANNER_DPOP)),
            "dpop_bound_access_tokens": True,
        },
        {
            **_third_party(places, LEDGER_SYNC, "Ledger Sync"),
            "token_endpoint_auth_method": "tls_client_auth",
            "tls_client_auth_subject_dn": subject_of(LEDGER_SYNC).rfc4514_string(),
            "tls_client_certificate_bound_access_tokens": True,
        },
        {
            **_third_party(places, TILL_REPORTER, "Till Reporter"),
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": _certificate_jwks(places),
            "tls_client_certificate_bound_access_tokens": True,
        },
        {
            **_third_party(places, NEWS_CLUB, "News Club"),
            "profile": "oidc",
            "id_token_signed_response_alg": "ES256",
            "token_endpoint_auth_method": "client_secret_basic",
            "grant_types": ["authorization_code"],
            "scope": "openid profile email",
            "authorization_details_types": [],
        },
        {
            **_resource_server(BANK_ACCOUNTS, places.accounts, "accounts", "jwt"),
            "authorization_details_types": ["account_information", "funds_confirmation"],
        },
        {
            **_resource_server(BANK_PAYMENTS, places.payments, "payments", "opaque"),
            "authorization_details_types": ["payment_initiation", "variable_recurring_payment"],
        },
    )


def _third_party(places: DemoLayout, client_id: str, name: str) -> Metadata:
    return {
        "client_id": client_id,
        "client_name": name,
        "profile": "fapi2",
        "redirect_uris": [places.callback],
        "grant_types": _ALL_GRANTS,
        "scope": SCOPE,
        "authorization_details_types": list(DETAIL_TYPES),
        "checked_by": "the demo's own register",
        "checked_on": "2026-11-30",
    }


def _resource_server(client_id: str, audience: str, scope: str, token_format: str) -> Metadata:
    """Return one of the bank's two sides: it introspects with the bank's certificate, and serves one audience."""
    return {
        "client_id": client_id,
        "client_name": f"Demo bank, {scope}",
        "profile": "fapi2",
        "grant_types": [],
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_subject_dn": subject_of(BANK_CREDENTIAL).rfc4514_string(),
        "resource": [audience],
        "resource_scopes": scope,
        "access_token_format": token_format,
    }


def _public_jwks(key: ECKey) -> Metadata:
    return {"keys": [key.as_dict(private=False)]}


def _certificate_jwks(places: DemoLayout) -> Metadata:
    """Return the key of the self-signed certificate with the certificate itself."""
    credential = load_self_signed(places)
    public_pem = credential.certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = ECKey.import_key(public_pem)
    certificate = base64.b64encode(credential.der).decode()
    return {"keys": [{**key.as_dict(private=False), "kid": key.thumbprint(), "x5c": [certificate]}]}
