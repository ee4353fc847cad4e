"""Every setting, with its default, its bounds and its documentation, from which `docs/configuration.md` is rendered."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from authserver.profiles.catalogue import DEFAULT_PROFILE
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.settings import kinds
from authserver.settings.agreement import find_disagreement
from authserver.settings.banking import BankingSettings
from authserver.settings.public import PublicSettings

ENVIRONMENT_PREFIX = "AUTHSERVER_"
MASTER_KEY_NAME = "master.key"


class Settings(BankingSettings, PublicSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid")

    database_url: kinds.DatabaseUrl = Field(
        default=SecretStr(""),
        description="Where the data lives. Empty for an SQLite file in `DATA_DIR`.",
    )
    database_timeout: Annotated[int, Field(ge=1, le=60)] = Field(
        default=5,
        description=(
            "For how many seconds one read or one transaction may take, the wait for its turn and for a connection "
            "included; after that its connection is closed and the answer is 503. A request has from one to a few of "
            "them, and ends at the first that takes longer. PostgreSQL gives up a statement after four fifths of it."
        ),
    )
    database_start_timeout: Annotated[int, Field(ge=0, le=3600)] = Field(
        default=60,
        description="For how many seconds `serve` waits for a database that cannot be reached, as during a failover.",
    )
    data_dir: Path = Field(default=Path("data"), description="Where the server keeps its files.")
    master_key_file: kinds.OptionalPath = Field(
        default=None,
        description=(
            "The file with the master key, 32 bytes in base64. Default: the credential `master.key` that systemd hands "
            "over, else `master.key` in `DATA_DIR`."
        ),
    )
    valkey_url: kinds.ValkeyUrl = Field(
        default=SecretStr(""),
        description="Shares limits between nodes; needs the extra `authserver[valkey]`. Empty for one machine.",
    )
    listen: kinds.Listen = Field(default="127.0.0.1:8443", description="Where to listen.")
    listen_mtls: kinds.OptionalListen = Field(
        default="127.0.0.1:8444",
        description="Where to listen and ask for client certificates; with our own TLS alone. Empty for nowhere.",
    )
    tls_cert_file: kinds.OptionalPath = Field(
        default=None, description="The server's certificate chain in PEM. Without it the server expects a TLS proxy."
    )
    tls_key_file: kinds.OptionalPath = Field(default=None, description="The key of that certificate in PEM.")
    client_ca_file: kinds.OptionalPath = Field(
        default=None, description="The authorities in PEM that issue certificates of `tls_client_auth` clients."
    )
    trusted_proxies: kinds.Networks = Field(
        default=(),
        description="Networks whose proxies are believed about addresses and certificates; `unix` for a Unix socket.",
    )
    client_cert_header: Literal["rfc9440", "nginx", "envoy", "traefik", "haproxy", "alb", ""] = Field(
        default="", description="The form in which the trusted proxy hands on the client's certificate."
    )
    client_cert_header_name: kinds.HeaderName = Field(
        default="",
        description=(
            "The header in which it does, if not the usual one: letters and digits alone, so that no header with an "
            "underscore is taken for it, and best a secret of proxy and server, such as `ClientCert` with 32 random "
            "hex digits. Needed behind proxies that pass names with underscores."
        ),
    )
    client_address_header: kinds.HeaderName = Field(
        default="",
        description=(
            "The header in which the trusted proxy writes the client's address, if not `X-Forwarded-For`: letters and "
            "digits alone, for the same reason."
        ),
    )
    fetch_allow: kinds.Authorities = Field(
        default=(),
        description="What fetches of client keys may reach although it is not globally routable.",
    )
    fetch_ca_file: kinds.OptionalPath = Field(default=None, description="Further authorities in PEM for those fetches.")
    default_profile: kinds.ProfileName = Field(
        default=DEFAULT_PROFILE.name, description="The profile of clients that name none; one of `PROFILES`."
    )
    profiles: kinds.ProfileNames = Field(
        default=(DEFAULT_PROFILE.name,),
        description="The profiles that clients may have; metadata advertises what they permit.",
    )
    scope_acr: kinds.ScopeAcrs = Field(
        default={"accounts": ACR_TWO_FACTORS, "payments": ACR_TWO_FACTORS},
        description="The acr that a scope needs at the least.",
    )
    scope_descriptions: kinds.ScopeDescriptions = Field(
        default={},
        description=(
            "What scopes mean, in a few words, on the pages where a person decides. These go before our own words; a "
            "scope of which neither says anything is shown by its name."
        ),
    )
    access_token_lifetime: Annotated[int, Field(ge=10, le=3600)] = Field(
        default=300, description="How long an access token lasts, in seconds."
    )
    introspection_max_age: Annotated[int, Field(ge=0, le=60)] = Field(
        default=0,
        description=(
            "For how many seconds an API may keep what introspection told it of an active token: so long it may not "
            "know that the token was revoked. 0 for not at all; what is for payments, one or many, is never to be kept."
        ),
    )
    id_token_lifetime: Annotated[int, Field(ge=10, le=3600)] = Field(
        default=300, description="How long an ID token lasts, in seconds."
    )
    code_lifetime: Annotated[int, Field(ge=5, le=600)] = Field(
        default=60, description="How long an authorization code lasts, in seconds."
    )
    par_lifetime: Annotated[int, Field(ge=5, le=599)] = Field(
        default=90, description="How long a pushed request may wait for its first visit, in seconds."
    )
    refresh_rotation: Literal["confirm", "strict", "never"] = Field(
        default="confirm",
        description=(
            "`confirm`: a refresh token's immediate predecessor stays good until the successor is used. `strict`: it "
            "does not. `never`: refresh tokens do not rotate."
        ),
    )
    refresh_idle_lifetime: kinds.GrantSeconds = Field(
        default=30 * 86400, description="After how many seconds without a refresh a grant ends."
    )
    grant_lifetime: kinds.GrantSeconds = Field(
        default=90 * 86400, description="After how many seconds a grant ends at the latest."
    )
    consent_lifetime: kinds.GrantSeconds = Field(
        default=90 * 86400, description="For how many seconds a consent is remembered."
    )
    session_idle: kinds.IdleSeconds = Field(
        default=900, description="After how many idle seconds a session on one factor ends."
    )
    session_idle_strong: kinds.IdleSeconds = Field(
        default=300, description="After how many idle seconds a session on two factors ends."
    )
    session_absolute: kinds.SessionSeconds = Field(
        default=8 * 3600, description="After how many seconds a session ends in any case."
    )
    dpop_nonce: Literal["accepted", "required"] = Field(
        default="accepted",
        description="`required`: a DPoP proof must carry our nonce. `accepted`: if it carries one it must be ours.",
    )
    passkey_aaguids: kinds.Aaguids = Field(
        default=(),
        description=(
            "The models of authenticators that may be registered as passkeys, by AAGUID. Empty for all. It is the "
            "authenticator's own word: no maker's certificate is checked."
        ),
    )
    password_hashes: Annotated[int, Field(ge=1, le=64)] = Field(
        default=2,
        description="How many passwords a worker hashes at once: at most half its `THREADS`, and one a processor.",
    )
    notices: Literal["file", "console", "smtp", "none"] = Field(
        default="file",
        description=(
            "How people are told of changes to their account. `file`: a letter each in `DATA_DIR/outbox`. `smtp`: by "
            "email, to those who have an address."
        ),
    )
    smtp_host: str = Field(default="", description="The mail server, reached over TLS alone.")
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(default=587, description="Its port.")
    smtp_tls: Literal["by_port", "starttls", "implicit"] = Field(
        default="by_port",
        description=(
            "How TLS begins: by `starttls`, without which nothing is sent, or `implicit`, from the first byte. "
            "`by_port`: implicit on 465, STARTTLS on any other."
        ),
    )
    smtp_ca_file: kinds.OptionalPath = Field(
        default=None, description="The authorities of its certificate, in PEM. Default: those the system trusts."
    )
    smtp_user: str = Field(default="", description="As whom to sign in there. Empty for no one.")
    smtp_password_file: kinds.OptionalPath = Field(default=None, description="The file with that user's password.")
    smtp_from: kinds.MailAddress = Field(
        default="no-reply@localhost", description="The address that letters to people come from."
    )
    first_factor_enrolment: Literal["password", "invitation"] = Field(
        default="password",
        description=(
            "`password`: a person without a strong factor may add their first one in the browser after a fresh "
            "password. `invitation`: only through a link of `authserver user invite`."
        ),
    )
    invitation_lifetime: kinds.SessionSeconds = Field(
        default=72 * 3600, description="For how many seconds an invitation link is good."
    )
    workers: Annotated[int, Field(ge=1, le=256)] = Field(default=1, description="How many worker processes serve.")
    threads: Annotated[int, Field(ge=1, le=64)] = Field(default=4, description="How many threads serve in a worker.")
    limit_sign_in_address: kinds.Limit = Field(
        default="60/minute;600/hour", description="Sign-in attempts by one network address."
    )
    limit_second_factor_address: kinds.Limit = Field(
        default="60/minute;600/hour", description="Second-factor attempts by one network address."
    )
    limit_authorize_address: kinds.Limit = Field(
        default="600/minute", description="Authorization requests opened by one network address."
    )
    limit_consent_address: kinds.Limit = Field(
        default="120/minute", description="Consent forms by one network address."
    )
    limit_account_address: kinds.Limit = Field(
        default="600/minute", description="Account pages that one network address opens or sends, and its sign-outs."
    )
    limit_account_person: kinds.Limit = Field(
        default="30/minute;300/hour", description="Forms that one person sends in their account."
    )
    limit_client: kinds.Limit = Field(default="6000/minute", description="Authenticated requests by one client.")
    limit_client_authentication_failure: kinds.Limit = Field(
        default="120/minute", description="Failed client authentications by one network address."
    )
    limits_path: kinds.OptionalPath = Field(
        default=None,
        description="The file that shares limits between workers. Default: in shared memory where there is some.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="`info` writes a line for every request, `warning` for refusals and failures alone."
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - the same
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Read the environment first, then what `load_settings` passes from the file."""
        return env_settings, init_settings

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Refuse what each may be by itself and not together with the rest."""
        disagreement = find_disagreement(dict(self))
        if disagreement:
            raise ValueError(disagreement)
        return self

    @property
    def certificate_origin(self) -> str:
        """Return the origin that asks for certificates, which may be the issuer's own."""
        return self.mtls_origin or self.issuer

    @property
    def database(self) -> str:
        """Return the database's URL."""
        return self.database_url.get_secret_value() or f"sqlite:///{self.data_dir.resolve() / 'authserver.sqlite'}"

    @property
    def master_key_path(self) -> Path:
        """Return where the master key lies."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        credential = Path(folder) / MASTER_KEY_NAME if folder else None
        found = credential if credential is not None and credential.is_file() else self.data_dir / MASTER_KEY_NAME
        return self.master_key_file or found

    def limits(self) -> dict[str, str]:
        """Return every limit under the name by which it is counted."""
        return {
            "sign_in.address": self.limit_sign_in_address,
            "second_factor.address": self.limit_second_factor_address,
            "authorize.address": self.limit_authorize_address,
            "consent.address": self.limit_consent_address,
            "account.address": self.limit_account_address,
            "account.person": self.limit_account_person,
            "client": self.limit_client,
            "client_authentication_failure": self.limit_client_authentication_failure,
        }
