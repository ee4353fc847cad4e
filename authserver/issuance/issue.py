"""The token set of one token response."""

from collections.abc import Iterable, Mapping

from authserver.binding.model import Binding
from authserver.clients.model import Client, ResourceServer
from authserver.grants.model import CodeClaim, GenerationClaim, Grant, IssuedToken
from authserver.issuance.access_token import AccessTokenIssuer, AccessTokenSubject, MintedToken
from authserver.issuance.audience import Reach, resolve_audience
from authserver.issuance.id_token import IdTokenContext, issue_id_token
from authserver.issuance.subject import subject_of
from authserver.keys.signer import SigningKeys
from authserver.protocol.details.model import Details
from authserver.protocol.details.registry import is_single_use
from authserver.protocol.names import SCOPE_OPENID
from authserver.values import Hidden, Value, field


class Redemption(Value, frozen=True):
    """What a grant type makes of a request: for whom to issue, over what, and which refresh token goes along.

    `resources` are those that the request names. `generation` is that of the grant once this is done. `refresh_token`
    is one to be sent; `refresh_record` is its row where it is new. `account_claims` are those of the person for an ID
    token, which is issued where there is a grant with `openid` in its scope. `claim` is what must be spent for it to
    hold.
    """

    scope: tuple[str, ...]
    resources: tuple[str, ...]
    grant: Grant | None = None
    generation: int = 0
    nonce: str | None = None
    account_claims: Hidden[Mapping[str, object]] = field(default_factory=dict)
    refresh_token: Hidden[str | None] = None
    refresh_record: IssuedToken | None = None
    authorization_details: Details = ()
    claim: CodeClaim | GenerationClaim | None = None


_TOLD_TOO = ("scope", "authorization_details")
"""Claims of the access token that its response repeats, since the app cannot read the token."""


class TokenSet(Value, frozen=True):
    """A token response's members, and the rows to store before it is sent."""

    members: Hidden[Mapping[str, object]]
    records: tuple[IssuedToken, ...]


class Mint(Value, frozen=True):
    """Issues token sets of one issuer; `id_token_lifetime` is in seconds."""

    access_tokens: AccessTokenIssuer
    id_token_lifetime: int

    def issue(
        self,
        redemption: Redemption,
        client: Client,
        binding: Binding,
        keys: SigningKeys,
        servers: Iterable[ResourceServer],
        now: int,
    ) -> TokenSet:
        """Return the tokens of one response.

        Spec: RFC6749-5.1, OIDCC-3.1.3.3, FAPI2-SP-FINAL-5.3.2.3-1, RFC9396-7
        """
        access = self._access_token(redemption, client, binding, keys, servers, now)
        members: dict[str, object] = {
            "access_token": access.token,
            "token_type": binding.token_type,
            "expires_in": access.record.expires_at - now,
        }
        members |= {name: access.record.claims[name] for name in _TOLD_TOO if name in access.record.claims}
        if redemption.refresh_token is not None:
            members["refresh_token"] = redemption.refresh_token
        if redemption.grant is not None and SCOPE_OPENID in redemption.scope:
            context = IdTokenContext(
                self.access_tokens.issuer, access.token, redemption.nonce, now, self.id_token_lifetime
            )
            signer = keys.signer_for(client.id_token_signed_response_alg)
            members["id_token"] = issue_id_token(redemption.grant, redemption.account_claims, signer, context)
        refresh = () if redemption.refresh_record is None else (redemption.refresh_record,)
        return TokenSet(members, (access.record, *refresh))

    def _access_token(
        self,
        redemption: Redemption,
        client: Client,
        binding: Binding,
        keys: SigningKeys,
        servers: Iterable[ResourceServer],
        now: int,
    ) -> MintedToken:
        grant = redemption.grant
        about = AccessTokenSubject(
            subject=subject_of(grant) if grant is not None else client.client_id,
            client_id=client.client_id,
            grant_id=grant.grant_id if grant is not None else None,
            account_id=grant.account_id if grant is not None else None,
            generation=redemption.generation,
            authentication=grant.authentication if grant is not None else None,
            ends_at=grant.expires_at if grant is not None else None,
            is_single_use=grant is not None and is_single_use(grant.authorization_details),
        )
        reach = Reach(
            redemption.scope,
            redemption.authorization_details,
            grant.authorization_details if grant is not None else (),
            redemption.resources,
            grant.resources if grant is not None else (),
        )
        audience = resolve_audience(reach, servers, self.access_tokens.issuer)
        return self.access_tokens.issue(about, audience, binding, keys.signer_for(keys.default_algorithm), now)
