"""Plain OpenID Connect, for log-in apps that hold no financial data; as strict as RFC 9700 asks of everyone."""

from authserver.profiles.model import Profile
from authserver.protocol.names import GRANT_DEVICE_CODE

OIDC = Profile(
    name="oidc",
    clauses=(
        ("pushed_requests_required", "RFC9126-5"),
        ("pkce_required", "RFC9700-2.1.1"),
        ("redirect_uri_required", "OIDCC-3.1.2.1"),
        ("sender_constraint_required", "RFC9700-2.2.1"),
        ("bearer_scopes", "RFC9700-2.2.1"),
        ("client_authentication_methods", "OIDCC-9"),
        ("signing_algorithms", "RFC7518-3.1"),
        ("id_token_algorithms", "OIDCC-15.1"),
        ("default_signed_response_alg", "OIDCR-2"),
        ("response_types", "RFC9700-2.1.2"),
        ("response_modes", "OIDCC-3.1.2.1"),
        ("default_response_mode", "OAUTH-MRT-2.1"),
        ("grant_types", "RFC9700-2.4"),
        ("browser_scripts_allowed", "RFC9700-2.6-5"),
        ("assertion_audience_issuer_only", "RFC7523-3"),
        ("plain_http_redirects_to_loopback", "RFC8252-8.3"),
        ("code_lifetime_limit_seconds", "RFC6749-4.1.2"),
        ("pushed_request_lifetime_limit_seconds", "RFC9126-2.2"),
    ),
    pushed_requests_required=False,
    pkce_required=False,
    redirect_uri_required=True,
    sender_constraint_required=False,
    bearer_scopes=frozenset({"openid", "profile", "email", "address", "phone", "offline_access"}),
    client_authentication_methods=frozenset(
        {
            "private_key_jwt",
            "tls_client_auth",
            "self_signed_tls_client_auth",
            "client_secret_basic",
            "client_secret_post",
            "none",
        }
    ),
    signing_algorithms=frozenset({"PS256", "ES256", "EdDSA", "Ed25519", "RS256"}),
    id_token_algorithms=frozenset({"PS256", "ES256", "Ed25519", "RS256"}),
    default_signed_response_alg="RS256",
    response_types=frozenset({"code"}),
    response_modes=frozenset({"query", "fragment", "form_post"}),
    default_response_mode="query",
    grant_types=frozenset({"authorization_code", "refresh_token", "client_credentials", GRANT_DEVICE_CODE}),
    browser_scripts_allowed=True,
    assertion_audience_issuer_only=False,
    plain_http_redirects_to_loopback=True,
    code_lifetime_limit_seconds=600,
    pushed_request_lifetime_limit_seconds=599,
)
