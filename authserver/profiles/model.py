"""The fields in which profiles differ, each with the clause that asks for it."""

from authserver.values import Value


class Profile(Value, frozen=True):
    """One set of demands on the server and on a client registered under it.

    `bearer_scopes` are the scopes over which tokens bound to no key may be issued. `request_object_is_dated` says
    whether request objects must be addressed to us and good for an hour at most, and `unsigned_object_is_unsupported`
    whether one that nobody signed is answered as a thing not supported, and not as a bad one. `clauses` names, for each
    field, the requirement behind its value; `clause()` looks it up for a refusal.
    """

    name: str
    clauses: tuple[tuple[str, str], ...]
    pushed_requests_required: bool
    pkce_required: bool
    redirect_uri_required: bool
    sender_constraint_required: bool
    bearer_scopes: frozenset[str]
    client_authentication_methods: frozenset[str]
    signing_algorithms: frozenset[str]
    id_token_algorithms: frozenset[str]
    default_signed_response_alg: str
    response_types: frozenset[str]
    response_modes: frozenset[str]
    default_response_mode: str
    grant_types: frozenset[str]
    browser_scripts_allowed: bool
    assertion_audience_issuer_only: bool
    signed_requests_required: bool
    request_object_is_dated: bool
    unsigned_object_is_unsupported: bool
    response_mode_required: bool
    pkce_required_when_pushed: bool
    signed_introspection_required: bool
    plain_http_redirects_to_loopback: bool
    code_lifetime_limit_seconds: int
    pushed_request_lifetime_limit_seconds: int

    def clause(self, field_name: str) -> str:
        """Return the requirement id behind a field's value."""
        return dict(self.clauses)[field_name]
