"""The FAPI 2.0 Security Profile (Final)."""

from authserver.profiles.model import Profile

FAPI2 = Profile(
    name="fapi2",
    clauses=(
        ("pushed_requests_required", "FAPI2-SP-FINAL-5.3.2.2-3"),
        ("pkce_required", "FAPI2-SP-FINAL-5.3.2.2-5"),
        ("redirect_uri_required", "FAPI2-SP-FINAL-5.3.2.2-6"),
        ("sender_constraint_required", "FAPI2-SP-FINAL-5.3.2.1-4"),
        ("bearer_scopes", "FAPI2-SP-FINAL-5.3.2.1-4"),
        ("client_authentication_methods", "FAPI2-SP-FINAL-5.3.2.1-6"),
        ("signing_algorithms", "FAPI2-SP-FINAL-5.4.1-1"),
        ("id_token_algorithms", "FAPI2-SP-FINAL-5.4.1-1"),
        ("response_types", "FAPI2-SP-FINAL-5.3.2.2-1"),
        ("response_modes", "RFC9700-2.1"),
        ("grant_types", "FAPI2-SP-FINAL-5.3.2.1-2"),
        ("assertion_audience_issuer_only", "FAPI2-SP-FINAL-5.3.2.1-8"),
        ("plain_http_redirects_to_loopback", "FAPI2-SP-FINAL-5.3.2.2-8"),
        ("code_lifetime_limit_seconds", "FAPI2-SP-FINAL-5.3.2.1-11"),
        ("pushed_request_lifetime_limit_seconds", "FAPI2-SP-FINAL-5.3.2.2-12"),
    ),
    pushed_requests_required=True,
    pkce_required=True,
    redirect_uri_required=True,
    sender_constraint_required=True,
    bearer_scopes=frozenset(),
    client_authentication_methods=frozenset({"private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"}),
    signing_algorithms=frozenset({"PS256", "ES256", "EdDSA", "Ed25519"}),
    id_token_algorithms=frozenset({"PS256", "ES256", "Ed25519"}),
    response_types=frozenset({"code"}),
    response_modes=frozenset({"query", "form_post"}),
    grant_types=frozenset({"authorization_code", "refresh_token", "client_credentials"}),
    assertion_audience_issuer_only=True,
    plain_http_redirects_to_loopback=False,
    code_lifetime_limit_seconds=60,
    pushed_request_lifetime_limit_seconds=599,
)
