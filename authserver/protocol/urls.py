"""The paths of the machine endpoints, once: the table of routes mounts them, and the metadata tells of them."""

from typing import Final

AUTHORIZE: Final = "/authorize"
AUTHORIZE_CONTINUE: Final = "/authorize/continue"
PUSHED_REQUEST: Final = "/par"
DEVICE_AUTHORIZATION: Final = "/device_authorization"
VERIFICATION: Final = "/device"  # what a device shows beside its code
TOKEN: Final = "/token"  # noqa: S105 - a path
END_SESSION: Final = "/end_session"
SIGN_OUT: Final = "/logout"  # the page where a person signs out
INTROSPECTION: Final = "/introspect"
ENDED_TOKENS: Final = "/introspect/ended"
REGISTRATION: Final = "/register"
REVOCATION: Final = "/revoke"
USERINFO: Final = "/userinfo"
JWKS: Final = "/jwks"
JWKS_ARCHIVE: Final = "/jwks/archive"
OPENID_CONFIGURATION: Final = "/.well-known/openid-configuration"
OAUTH_METADATA: Final = "/.well-known/oauth-authorization-server"
