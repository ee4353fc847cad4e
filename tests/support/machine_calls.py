"""One honest request to each machine endpoint that authenticates its callers."""

from tests.support.relying_party import Form, RelyingParty, Reply, challenge_of

MACHINE_ENDPOINTS = ("/token", "/par", "/introspect", "/introspect/ended", "/revoke")


def call(app: RelyingParty, path: str = "/token", **changes: object) -> Reply:
    """Send an honest request to an endpoint, but for the changes."""
    return app.authenticated(path, honest_form(app, path), **changes)


def honest_form(app: RelyingParty, path: str) -> Form:
    """Return the parameters of an honest request, without the client's authentication."""
    forms: dict[str, Form] = {
        "/token": {"grant_type": "client_credentials"},
        "/par": {**app.request(), "scope": "openid"},
        "/introspect": {"token": "unknown"},
        "/introspect/ended": {"token_hashes": challenge_of("unknown")},
        "/revoke": {"token": "unknown"},
    }
    return {name: value for name, value in forms[path].items() if value is not None and name != "client_id"}
