"""Access tokens: the claims, and the two forms in which they are issued."""

from collections.abc import Mapping

from authserver.binding.model import Binding
from authserver.grants.model import KIND_ACCESS, Authentication, IssuedToken
from authserver.issuance.audience import Audience
from authserver.keys.signer import Signer
from authserver.protocol.handles import hash_handle, new_handle
from authserver.protocol.names import JWT_TYPE_ACCESS_TOKEN
from authserver.protocol.scope import format_scope
from authserver.values import Value


class AccessTokenSubject(Value, frozen=True):
    """For whom and by what right an access token is issued; without a grant the client acts for itself.

    `ends_at` is the grant's end, which no token of it outlives; `is_single_use` where it serves one act.
    """

    subject: str
    client_id: str
    grant_id: str | None = None
    account_id: str | None = None
    generation: int = 0
    authentication: Authentication | None = None
    ends_at: int | None = None
    is_single_use: bool = False


class MintedToken(Value, frozen=True):
    """A token as it is sent, and as it is stored."""

    token: str
    record: IssuedToken

    def __repr__(self) -> str:
        return f"MintedToken({self.record.kind}, client={self.record.client_id})"


class AccessTokenIssuer(Value, frozen=True):
    """Mints access tokens of one issuer, with one lifetime in seconds, and a shorter one for those that serve one act.

    Spec: RFC9449-11.2, RFC6750-5.3
    """

    issuer: str
    lifetime_seconds: int
    single_use_lifetime_seconds: int

    def issue(
        self, about: AccessTokenSubject, audience: Audience, binding: Binding, signer: Signer, now: int
    ) -> MintedToken:
        """Return an access token: a JWT where its audience takes one, else 32 random bytes.

        Spec: RFC9068-2.1, RFC9068-2.2, RFC8705-3.1, RFC9449-6.1, RFC9068-6, RFC9396-9.1
        """
        lasting = now + (self.single_use_lifetime_seconds if about.is_single_use else self.lifetime_seconds)
        expires_at = lasting if about.ends_at is None else min(lasting, about.ends_at)
        claims = self._claims(about, audience, binding, (now, expires_at))
        token = signer.sign(claims, typ=JWT_TYPE_ACCESS_TOKEN) if audience.as_jwt else new_handle()
        record = IssuedToken(
            token_hash=hash_handle(token),
            kind=KIND_ACCESS,
            client_id=about.client_id,
            claims=claims,
            issued_at=now,
            expires_at=expires_at,
            grant_id=about.grant_id,
            account_id=about.account_id,
            generation=about.generation,
        )
        return MintedToken(token, record)

    def _claims(
        self, about: AccessTokenSubject, audience: Audience, binding: Binding, times: tuple[int, int]
    ) -> Mapping[str, object]:
        issued_at, expires_at = times
        claims: dict[str, object] = {
            "iss": self.issuer,
            "sub": about.subject,
            "aud": audience.names[0] if len(audience.names) == 1 else list(audience.names),
            "client_id": about.client_id,
            "jti": new_handle(),
            "iat": issued_at,
            "exp": expires_at,
        }
        if audience.scope:
            claims["scope"] = format_scope(audience.scope)
        if audience.authorization_details:
            claims["authorization_details"] = list(audience.authorization_details)
        if about.authentication is not None:
            claims["auth_time"] = about.authentication.auth_time
            claims["acr"] = about.authentication.acr
            claims["amr"] = list(about.authentication.amr)
        confirmation = binding.confirmation()
        return {**claims, "cnf": confirmation} if confirmation else claims
