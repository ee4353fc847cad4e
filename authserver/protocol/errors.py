"""Refusals: one class per OAuth error code, with a text for the client and a reason for the operator.

Only `web.errors` turns one into HTTP. The description goes to the client and so holds fixed text alone, never what
was received; the reason stays in the house.
"""

import re
from typing import ClassVar

_DESCRIPTION = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]*")


class OAuthError(Exception):
    """A refusal under a standard error code.

    `description` is for the client, `reason` for the operator, `clause` names the requirement that was not met.
    Raises ValueError if the description leaves the characters that RFC 6749 permits.

    Spec: RFC6749-5.2
    """

    code: ClassVar[str] = "invalid_request"
    status: ClassVar[int] = 400

    def __init__(self, description: str, *, reason: str = "", clause: str) -> None:
        if not _DESCRIPTION.fullmatch(description):
            raise ValueError("an error description holds printable ASCII without quotes and backslashes")
        super().__init__(description)
        self.description = description
        self.reason = reason or description
        self.clause = clause

    def operator_facts(self) -> dict[str, str]:
        """Return what the operator is told of it, for an event or a line of the log."""
        return {"error": self.code, "reason": self.reason, "clause": self.clause}


class InvalidRequest(OAuthError):
    """The request lacks a parameter, repeats one, or is malformed."""


class SignInOver(InvalidRequest):
    """The sign-in was finished, has expired, or belongs to another browser; a person meets this by going back."""


class UnreadableCookies(InvalidRequest):
    """The browser sent cookies of which none arrives in a form that can be read; another site can cause it."""


class InvitationOver(InvalidRequest):
    """The invitation was used, or its time is over; a person meets this by opening an old letter."""


class RequestTooLarge(InvalidRequest):
    """The body is larger than any honest request."""

    status = 413


class UnsupportedMediaType(InvalidRequest):
    """The body is not a form."""

    status = 415


class InvalidClient(OAuthError):
    """Client authentication failed; every cause reads the same to the outside."""

    code = "invalid_client"
    status = 401

    def __init__(self, *, reason: str, clause: str) -> None:
        super().__init__("Client authentication failed.", reason=reason, clause=clause)


class InvalidGrant(OAuthError):
    """The code or refresh token is unknown, spent, expired, revoked, or another client's."""

    code = "invalid_grant"


class UnauthorizedClient(OAuthError):
    """The client may not use this grant or response type."""

    code = "unauthorized_client"


class UnsupportedGrantType(OAuthError):
    """The server knows no such grant."""

    code = "unsupported_grant_type"


class UnsupportedResponseType(OAuthError):
    """The server knows no such response type."""

    code = "unsupported_response_type"


class InvalidScope(OAuthError):
    """The scope is malformed, unknown, or more than the client may ask."""

    code = "invalid_scope"


class InvalidTarget(OAuthError):
    """The resource indicator is malformed or names no resource this client may reach.

    Spec: RFC8707-2
    """

    code = "invalid_target"


class InvalidAuthorizationDetails(OAuthError):
    """The authorization details are of no type this server knows.

    Spec: RFC9396-5
    """

    code = "invalid_authorization_details"


class InvalidRequestUri(OAuthError):
    """The request_uri is unknown, spent, expired, or another client's."""

    code = "invalid_request_uri"


class RequestNotSupported(OAuthError):
    """Request objects are not supported in this place."""

    code = "request_not_supported"


class InvalidRequestObject(OAuthError):
    """The request object is not signed by this client, not for this server, not of now, or malformed."""

    code = "invalid_request_object"


class RequestUriNotSupported(OAuthError):
    """A request_uri from elsewhere is not supported."""

    code = "request_uri_not_supported"


class InvalidDpopProof(OAuthError):
    """The DPoP proof is missing, malformed, stale, replayed, or for something else.

    Spec: RFC9449-5
    """

    code = "invalid_dpop_proof"


class UseDpopNonce(OAuthError):
    """The proof must carry the nonce that this answer supplies.

    Spec: RFC9449-8
    """

    code = "use_dpop_nonce"

    def __init__(self, nonce: str, *, status_clause: str = "RFC9449-8") -> None:
        super().__init__("The DPoP proof must carry the supplied nonce.", clause=status_clause)
        self.nonce = nonce


class AccessDenied(OAuthError):
    """The person, or a policy, said no."""

    code = "access_denied"


class AuthorizationPending(OAuthError):
    """Nobody has answered the device's request yet; it asks again after its interval.

    Spec: RFC8628-3.5
    """

    code = "authorization_pending"


class SlowDown(OAuthError):
    """The device asks too often; its interval is five seconds longer from now on."""

    code = "slow_down"


class ExpiredToken(OAuthError):
    """The device code has expired before anybody answered."""

    code = "expired_token"


class LoginRequired(OAuthError):
    """No one is signed in well enough and no page may be shown."""

    code = "login_required"


class ConsentRequired(OAuthError):
    """Consent is needed and no page may be shown."""

    code = "consent_required"


class InteractionRequired(OAuthError):
    """Some page is needed and none may be shown."""

    code = "interaction_required"


class UnmetAuthenticationRequirements(OAuthError):
    """The person cannot sign in as strongly as was asked."""

    code = "unmet_authentication_requirements"


class InvalidToken(OAuthError):
    """The access token is unknown, expired, revoked, or presented without its key."""

    code = "invalid_token"
    status = 401


class InsufficientScope(OAuthError):
    """The access token does not reach this resource."""

    code = "insufficient_scope"
    status = 403


class InsufficientUserAuthentication(OAuthError):
    """The person signed in too weakly, or too long ago, for this resource.

    `scheme` is the one under which the token came; `acr_values` are those that suffice, `max_age_seconds` tells how old
    the sign-in may be.

    Spec: RFC9470-3
    """

    code = "insufficient_user_authentication"
    status = 401

    def __init__(self, description: str, scheme: str, acr_values: tuple[str, ...], max_age_seconds: int | None) -> None:
        super().__init__(description, clause="RFC9470-3")
        self.scheme = scheme
        self.acr_values = acr_values
        self.max_age_seconds = max_age_seconds


class TooManyRequests(OAuthError):
    """The caller is over a limit; `retry_after` is in seconds."""

    code = "temporarily_unavailable"
    status = 429

    def __init__(self, retry_after: int, *, reason: str) -> None:
        super().__init__("Too many requests. Try again later.", reason=reason, clause="RFC6585-4")
        self.retry_after = retry_after


class TemporarilyUnavailable(OAuthError):
    """The server cannot answer just now."""

    code = "temporarily_unavailable"
    status = 503


class ServerError(OAuthError):
    """Something failed in the house."""

    code = "server_error"
    status = 500


class InvalidClientMetadata(OAuthError):
    """A client's metadata cannot be accepted; `member` names the member at fault.

    Spec: RFC7591-3.2.2
    """

    code = "invalid_client_metadata"

    def __init__(self, member: str, description: str, *, clause: str) -> None:
        super().__init__(description, reason=f"{member}: {description}", clause=clause)
        self.member = member


class InvalidRedirectUri(InvalidClientMetadata):
    """A redirect URI cannot be registered.

    Spec: RFC7591-3.2.2
    """

    code = "invalid_redirect_uri"
