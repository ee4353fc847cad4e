"""An authorization request, parsed once, and the interaction in which a browser carries it out."""

from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from authserver.issuance.claims import STANDARD_CLAIMS
from authserver.protocol.authorization_details.model import Detail, Details
from authserver.protocol.authorization_details.registry import find_payment
from authserver.protocol.claims_request import ClaimsRequest
from authserver.protocol.demand import AuthenticationDemand
from authserver.protocol.stored_json import dump_json

RESPONSE_TYPE_NONE: Final = "none"


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that has passed every check; `client_id` is the client that sent it.

    `hinted_subject` is the subject of a valid `id_token_hint`, or the one asked for by value in `claims`. `state` and
    `nonce` are kept exactly as they came.

    Spec: RFC6749-4.1.1, OIDCC-3.1.2.1, RFC9126-2.1, RFC9396-2, RFC9396-3
    """

    client_id: str
    redirect_uri: str
    redirect_uri_sent: bool
    response_type: str
    response_mode: str
    scope: tuple[str, ...]
    state: str | None
    nonce: str | None
    code_challenge: str | None
    dpop_jkt: str | None
    resources: tuple[str, ...]
    demand: AuthenticationDemand
    login_hint: str | None
    hinted_subject: str | None
    ui_locales: tuple[str, ...]
    claims: ClaimsRequest
    authorization_details: Details = field(default=(), hash=False)

    @property
    def payment(self) -> Detail | None:
        """Return the one payment, or the limits of payments to come, that is asked for, or None."""
        return find_payment(self.authorization_details)

    @property
    def is_own(self) -> bool:
        """Return whether it leads to a page of ours: nothing to consent to, nothing to issue; no client may send it."""
        return self.response_type == RESPONSE_TYPE_NONE

    def single_claims(self) -> tuple[str, ...]:
        """Return the standard claims about the person that are asked for one by one, wherever they are to go.

        Others are never sent, so no one need allow them, and an app has no place for words of its own.

        Spec: OIDCC-5.5
        """
        asked = dict.fromkeys((*self.claims.id_token, *self.claims.userinfo))
        return tuple(name for name in asked if name in STANDARD_CLAIMS)


@dataclass(frozen=True, slots=True)
class Interaction:
    """One browser carrying out one request; found only with the id in its URL and the cookie of that browser.

    `opened_with_session` is the hash of the session cookie it came with, so that a later sign-in can be told from that
    one. `refused_with` is an OAuth error code that a page has decided on. `approved_by` is the account whose approval
    `approval_id` is.
    """

    interaction_hash: bytes
    request_uri_hash: bytes
    client_id: str
    request: AuthorizationRequest
    opened_with_session: bytes | None
    created_at: int
    expires_at: int
    consent_id: str | None
    refused_with: str | None
    completed_at: int | None
    approval_id: str | None = None
    approved_by: str | None = None

    @property
    def is_over(self) -> bool:
        """Return whether it has nothing left for a person to do."""
        return self.completed_at is not None or self.refused_with is not None

    @property
    def awaits_approval(self) -> bool:
        """Return whether a payment of this request has not been approved yet, in this very interaction.

        Spec: RTS-SCA-5.1
        """
        return self.request.payment is not None and self.approval_id is None


def dump_request(request: AuthorizationRequest) -> str:
    """Return a request as JSON text for a row."""
    return dump_json(request, default=_sorted)


def _sorted(value: object) -> object:
    if not isinstance(value, frozenset):
        raise TypeError("a request holds no such value")
    return sorted(value)


def load_request(text: str) -> AuthorizationRequest:
    """Return the request of a row; it was checked before it was stored."""
    members: dict[str, Any] = orjson.loads(text)
    demand, claims = members["demand"], members["claims"]
    demand["prompts"] = frozenset(demand["prompts"])
    _restore_tuples(members, ("scope", "resources", "ui_locales", "authorization_details"))
    _restore_tuples(claims, ("id_token", "userinfo", "acr_values"))
    members["demand"], members["claims"] = AuthenticationDemand(**demand), ClaimsRequest(**claims)
    return AuthorizationRequest(**members)


def _restore_tuples(members: dict[str, Any], names: tuple[str, ...]) -> None:
    """Make tuples of what JSON made lists of."""
    for name in names:
        members[name] = tuple(members[name])
