"""Names from the IANA OAuth registries, and one of our own, spelt once."""

from typing import Final

CLIENT_ASSERTION_TYPE_JWT: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
REQUEST_URI_PREFIX: Final = "urn:ietf:params:oauth:request_uri:"

OWN_CLIENT_ID: Final = "authserver-account"
"""The id under which this server's own pages ask for a sign-in: nobody is registered under it."""

GRANT_AUTHORIZATION_CODE: Final = "authorization_code"
GRANT_REFRESH_TOKEN: Final = "refresh_token"  # noqa: S105 - a grant type's name
GRANT_CLIENT_CREDENTIALS: Final = "client_credentials"
GRANT_DEVICE_CODE: Final = "urn:ietf:params:oauth:grant-type:device_code"

PRIVATE_KEY_JWT: Final = "private_key_jwt"
TLS_CLIENT_AUTH: Final = "tls_client_auth"
SELF_SIGNED_TLS_CLIENT_AUTH: Final = "self_signed_tls_client_auth"
CLIENT_SECRET_BASIC: Final = "client_secret_basic"  # noqa: S105 - an authentication method's name
CLIENT_SECRET_POST: Final = "client_secret_post"  # noqa: S105 - an authentication method's name
NO_AUTHENTICATION: Final = "none"
"""The method of a public client, which holds no credential."""
MTLS_METHODS: Final = frozenset({TLS_CLIENT_AUTH, SELF_SIGNED_TLS_CLIENT_AUTH})
SECRET_METHODS: Final = frozenset({CLIENT_SECRET_BASIC, CLIENT_SECRET_POST})

RESPONSE_TYPE_CODE: Final = "code"
RESPONSE_MODE_QUERY: Final = "query"
RESPONSE_MODE_FRAGMENT: Final = "fragment"
RESPONSE_MODE_FORM_POST: Final = "form_post"
RESPONSE_MODE_JWT: Final = "jwt"
RESPONSE_MODE_QUERY_JWT: Final = "query.jwt"
RESPONSE_MODE_FRAGMENT_JWT: Final = "fragment.jwt"
RESPONSE_MODE_FORM_POST_JWT: Final = "form_post.jwt"
SIGNED_RESPONSE_MODES: Final = frozenset(
    {RESPONSE_MODE_JWT, RESPONSE_MODE_QUERY_JWT, RESPONSE_MODE_FRAGMENT_JWT, RESPONSE_MODE_FORM_POST_JWT}
)
"""The modes in which an answer is one signed JWT."""

TOKEN_TYPE_BEARER: Final = "Bearer"  # noqa: S105 - a token type's name
TOKEN_TYPE_DPOP: Final = "DPoP"  # noqa: S105 - a token type's name

SCOPE_OPENID: Final = "openid"
SCOPE_OFFLINE_ACCESS: Final = "offline_access"
SCOPES_OF_OPENID: Final = (SCOPE_OPENID, "profile", "email", "address", "phone", "groups", SCOPE_OFFLINE_ACCESS)
"""Scopes that OpenID Connect gives a meaning, and `groups`, which is like them.

They reach no API but UserInfo, and mean nothing without a person.
"""

ACR_ONE_FACTOR: Final = "urn:openbanking:psd2:ca"
ACR_TWO_FACTORS: Final = "urn:openbanking:psd2:sca"
ACR_PHISHING_RESISTANT: Final = "phr"
ACR_LADDER: Final = (ACR_ONE_FACTOR, ACR_TWO_FACTORS, ACR_PHISHING_RESISTANT)
"""Weakest first."""

JWT_TYPE_ACCESS_TOKEN: Final = "at+jwt"  # noqa: S105 - a media type
JWT_TYPE_INTROSPECTION: Final = "token-introspection+jwt"
