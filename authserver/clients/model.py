"""A registered client, parsed once into a frozen value."""

from datetime import date

from authserver.keys.model import PublicKeys
from authserver.profiles.model import Profile
from authserver.protocol.names import NO_AUTHENTICATION
from authserver.values import Value


class CertificateSubject(Value, frozen=True):
    """What a client's certificate must show under `tls_client_auth`: exactly one of the members is set.

    Spec: RFC8705-2.1.2
    """

    subject_dn: str | None = None
    san_dns: str | None = None
    san_uri: str | None = None
    san_ip: str | None = None
    san_email: str | None = None


class PreviousSecret(Value, frozen=True):
    """The hash of a secret that was replaced, and until when it stays good, in seconds."""

    secret_hash: bytes
    until: int


class ResourceServer(Value, frozen=True):
    """What a client that is a resource server adds: the audiences it answers for, the scopes and types they serve.

    `name` is what a person reads. `takes_jwt` says whether its access tokens are JWTs, which it can read itself, or
    opaque.

    Spec: RFC8707-2, RFC9068-3
    """

    name: str
    audiences: tuple[str, ...]
    scopes: frozenset[str]
    takes_jwt: bool
    authorization_details_types: frozenset[str] = frozenset()


class Checked(Value, frozen=True):
    """Who checked an app, and on which day; an empty name says that expressly nobody did."""

    by: str
    on: date | None


class MessageSigning(Value, frozen=True):
    """Whether a client signs its requests, and by which algorithms they and the answers to them are signed.

    Spec: RFC9101-10.5, JARM-3
    """

    authorization_signed_response_alg: str
    request_object_signing_alg: str | None = None
    require_signed_request_object: bool = False


class LogoutUris(Value, frozen=True):
    """Where the client is told that a person's session has ended: by us, and in the person's browser."""

    backchannel: str | None = None
    frontchannel: str | None = None


NO_LOGOUT_URIS = LogoutUris()


class Client(Value, frozen=True):
    """One registered client with its profile and imported keys; names as in RFC 7591.

    `browser_origins` are the origins whose scripts may read what this client is answered.
    """

    client_id: str
    profile: Profile
    client_name: str
    redirect_uris: tuple[str, ...]
    grant_types: frozenset[str]
    response_types: frozenset[str]
    scope: frozenset[str]
    token_endpoint_auth_method: str
    token_endpoint_auth_signing_alg: str | None
    keys: PublicKeys
    jwks_uri: str | None
    certificate_subject: CertificateSubject | None
    registered_certificates: tuple[bytes, ...]
    secret_hash: bytes | None
    certificate_bound_access_tokens: bool
    dpop_bound_access_tokens: bool
    require_pushed_authorization_requests: bool
    id_token_signed_response_alg: str
    introspection_signed_response_alg: str
    signing: MessageSigning
    default_acr_values: tuple[str, ...]
    default_max_age: int | None
    require_auth_time: bool
    refresh_rotation: str | None
    request_limit: str | None
    client_uri: str | None
    logo_uri: str | None
    policy_uri: str | None
    tos_uri: str | None
    resource_server: ResourceServer | None
    version: int
    disabled: bool
    authorization_details_types: frozenset[str] = frozenset()
    previous_secret: PreviousSecret | None = None
    checked: Checked | None = None
    id_token_claims: tuple[str, ...] = ()
    browser_origins: frozenset[str] = frozenset()
    post_logout_redirect_uris: tuple[str, ...] = ()
    logout_uris: LogoutUris = NO_LOGOUT_URIS

    @property
    def is_public(self) -> bool:
        """Return whether it holds no credential, so that anyone may say to be it.

        Spec: RFC6749-2.1
        """
        return self.token_endpoint_auth_method == NO_AUTHENTICATION

    @property
    def must_use_pkce(self) -> bool:
        """Return whether each of its codes must be bound to a verifier.

        Spec: RFC9700-2.1.1, FAPI2-SP-FINAL-5.3.2.2-5
        """
        return self.is_public or self.profile.pkce_required

    @property
    def binds_tokens(self) -> bool:
        """Return whether each of its access tokens must be bound to a key.

        Spec: FAPI2-SP-FINAL-5.3.2.1-4, RFC8705-3.4, RFC9449-5.2
        """
        by_registration = self.dpop_bound_access_tokens or self.certificate_bound_access_tokens
        return by_registration or self.profile.sender_constraint_required
