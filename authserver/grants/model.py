"""Consents, grants, codes and tokens as values."""

from collections.abc import Mapping

from authserver.clock import is_ahead
from authserver.protocol.details.model import Details
from authserver.protocol.details.narrowing import cover, widens
from authserver.protocol.details.registry import find_payment
from authserver.values import Hidden, Value


class Consent(Value, frozen=True):
    """What a person allowed a client: which scopes, single claims and details, at which resources, until when."""

    consent_id: str
    account_id: str
    client_id: str
    scope: tuple[str, ...]
    claims: tuple[str, ...]
    resources: tuple[str, ...]
    granted_at: int
    expires_at: int
    authorization_details: Details = ()

    def __hash__(self) -> int:  # authorization_details are mappings, which have no hash
        return hash(self.consent_id)

    def covers(
        self, scope: tuple[str, ...], claims: tuple[str, ...], resources: tuple[str, ...], details: Details = ()
    ) -> bool:
        """Return whether everything asked for was allowed.

        To name no resource is to ask for every one that serves the scope: more than any list, and covered by no list.
        What was allowed with a payment was allowed for that payment alone.

        Spec: RFC8707-2.2, RFC9396-6.1, RTS-SCA-5.1
        """
        if find_payment(self.authorization_details) is not None:
            return False
        reaches = set(resources) <= set(self.resources) if resources else not self.resources
        is_within = reaches and set(scope) <= set(self.scope) and set(claims) <= set(self.claims)
        narrowed = cover(self.authorization_details, details) if is_within else None
        return narrowed is not None and not widens(self.authorization_details, narrowed, scope)


class Authentication(Value, frozen=True):
    """How and when the person signed in, as it was when the grant was made; unchanged by any refresh.

    Spec: OIDCC-2, RFC9068-2.2.1
    """

    acr: str
    amr: tuple[str, ...]
    auth_time: int
    session_id: str


class Grant(Value, frozen=True):
    """One approval by one person for one client, from which codes and tokens come and with which they end.

    `account_locked` tells whether the person's account is locked or gone now.
    """

    grant_id: str
    client_id: str
    account_id: str
    consent_id: str
    scope: tuple[str, ...]
    resources: tuple[str, ...]
    id_token_claims: tuple[str, ...]
    userinfo_claims: tuple[str, ...]
    authentication: Authentication
    created_at: int
    expires_at: int
    refresh_generation: int
    refresh_expires_at: int
    revoked_at: int | None = None
    account_locked: bool = False
    authorization_details: Details = ()

    def __hash__(self) -> int:  # authorization_details are mappings, which have no hash
        return hash(self.grant_id)


class AuthorizationCode(Value, frozen=True):
    """A code as stored: what it was issued for, and whether it has been claimed."""

    code_hash: bytes
    client_id: str
    redirect_uri: str
    redirect_uri_sent: bool
    code_challenge: str | None
    dpop_jkt: str | None
    nonce: str | None
    issued_at: int
    expires_at: int
    claimed_at: int | None = None


class DeviceAuthorization(Value, frozen=True):
    """What a device asked for, while it polls; `request` is the request as its row has it.

    `asked_from` are words about the device that asked, for the person who decides. Nobody has answered while
    `answered_at` and `refused_with` are both None.

    Spec: RFC8628-3.2, RFC8628-3.5
    """

    device_code_hash: bytes
    user_code_hash: bytes
    client_id: str
    request: str
    asked_from: str
    created_at: int
    expires_at: int
    interval_seconds: int
    polled_at: int | None = None
    answered_at: int | None = None
    refused_with: str | None = None

    def is_open(self, now: int) -> bool:
        """Return whether a person may still answer it."""
        return self.answered_at is None and self.refused_with is None and self.created_at <= now < self.expires_at


class CodeClaim(Value, frozen=True):
    """A code to be spent, by whoever comes first."""

    code_hash: bytes
    now: int


class GenerationClaim(Value, frozen=True):
    """A grant's refresh generation to be moved on from the one that was read, by whoever comes first."""

    grant_id: str
    generation: int
    generation_after: int
    refresh_expires_at: int
    now: int


KIND_ACCESS = "access"
KIND_REFRESH = "refresh"


class IssuedToken(Value, frozen=True):
    """A token as stored, by its hash; `claims` is what introspection tells of it.

    `sealed_token` is kept for a rotated refresh token alone, so that its predecessor can be answered with it again.
    """

    token_hash: bytes
    kind: str
    client_id: str
    claims: Mapping[str, object]
    issued_at: int
    expires_at: int
    grant_id: str | None = None
    account_id: str | None = None
    generation: int = 0
    sealed_token: bytes | None = None


class PersonOfToken(Value, frozen=True):
    """Whom a token speaks of: the grant it came from, and the claims of that grant's person."""

    grant: Grant
    claims: Hidden[Mapping[str, object]]


class TokenState(Value, frozen=True):
    """A stored token with everything that may have ended it since."""

    token: IssuedToken
    revoked: bool
    grant_ended: bool
    account_locked: bool
    client_disabled: bool

    def is_active(self, now: int) -> bool:
        """Return whether the token is good at that moment; no access token is before the moment it was issued.

        A refresh token is: it lives with its grant, and what its app could do about a clock is to ask the person again.

        Spec: RFC7662-2.2, RFC7009-2.1
        """
        ended = self.revoked or self.grant_ended or self.account_locked or self.client_disabled
        is_early = self.token.kind == KIND_ACCESS and is_ahead(self.token.issued_at, now)
        return not ended and not is_early and now < self.token.expires_at
