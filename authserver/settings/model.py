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
        description="The database. Empty for an SQLite file in `DATA_DIR`.",
    )
    database_timeout: Annotated[int, Field(ge=1, le=60)] = Field(
        default=5,
        description=(
            "How many seconds one read or one transaction may take, including the wait for a connection. After that "
            "its connection is closed and the response is 503. A request has one or a few of them and ends at the "
            "first that takes too long. PostgreSQL cancels a statement after four fifths of this time."
        ),
    )
    database_start_timeout: Annotated[int, Field(ge=0, le=3600)] = Field(
        default=60,
        description="How many seconds `serve` waits for a database that cannot be reached, as during a failover.",
    )
    data_dir: Path = Field(default=Path("data"), description="Where the server keeps its files.")
    master_key_file: kinds.OptionalPath = Field(
        default=None,
        description=(
            "The file with the master key, 32 bytes in base64. Default: the credential `master.key` that systemd "
            "passes on, otherwise `master.key` in `DATA_DIR`."
        ),
    )
    valkey_url: kinds.ValkeyUrl = Field(
        default=SecretStr(""),
        description="The Valkey in which nodes share limits; needs the extra `authserver[valkey]`. Empty for one node.",
    )
    listen: kinds.Listen = Field(default="127.0.0.1:8443", description="The address to listen on.")
    listen_mtls: kinds.OptionalListen = Field(
        default="127.0.0.1:8444",
        description="The address on which client certificates are requested; only with our own TLS. Empty for none.",
    )
    tls_cert_file: kinds.OptionalPath = Field(
        default=None, description="The server's certificate chain in PEM. Without it the server expects a TLS proxy."
    )
    tls_key_file: kinds.OptionalPath = Field(default=None, description="The key of that certificate in PEM.")
    client_ca_file: kinds.OptionalPath = Field(
        default=None, description="The certificate authorities for `tls_client_auth` clients, in PEM."
    )
    trusted_proxies: kinds.Networks = Field(
        default=(),
        description="Networks of proxies that may state a client's address and certificate; `unix` for a Unix socket.",
    )
    client_cert_header: Literal["rfc9440", "nginx", "envoy", "traefik", "haproxy", "alb", ""] = Field(
        default="", description="The format in which the trusted proxy passes on the client's certificate."
    )
    client_cert_header_name: kinds.HeaderName = Field(
        default="",
        description=(
            "The name of that header, if it is not the usual one: only letters and digits, so that no name with an "
            "underscore can be mistaken for it, and preferably a secret shared by proxy and server, such as "
            "`ClientCert` followed by 32 random hex digits. Needed behind proxies that pass on names with underscores."
        ),
    )
    client_address_header: kinds.HeaderName = Field(
        default="",
        description=(
            "The header in which the trusted proxy writes the client's address, if it is not `X-Forwarded-For`: only "
            "letters and digits, for the same reason."
        ),
    )
    fetch_allow: kinds.Authorities = Field(
        default=(),
        description="Hosts that client keys may be fetched from although their addresses are not globally routable.",
    )
    fetch_ca_file: kinds.OptionalPath = Field(
        default=None, description="Additional certificate authorities for those fetches, in PEM."
    )
    default_profile: kinds.ProfileName = Field(
        default=DEFAULT_PROFILE.name,
        description="The profile of clients whose registration names none; one of `PROFILES`.",
    )
    profiles: kinds.ProfileNames = Field(
        default=(DEFAULT_PROFILE.name,),
        description="The profiles that clients may have. The metadata advertises what they permit.",
    )
    scope_acr: kinds.ScopeAcrs = Field(
        default={"accounts": ACR_TWO_FACTORS, "payments": ACR_TWO_FACTORS},
        description="The lowest acr that each scope requires.",
    )
    scope_descriptions: kinds.ScopeDescriptions = Field(
        default={},
        description=(
            "What each scope means, in a few words, for the pages where a person decides. They replace the built-in "
            "descriptions; a scope without a description is shown by its name."
        ),
    )
    access_token_lifetime: Annotated[int, Field(ge=10, le=3600)] = Field(
        default=300, description="How long an access token lasts, in seconds."
    )
    introspection_max_age: Annotated[int, Field(ge=0, le=60)] = Field(
        default=0,
        description=(
            "How many seconds an API may cache the introspection response of an active token. During that time it may "
            "not know that the token was revoked. 0: no caching. Responses about payments are never cached."
        ),
    )
    id_token_lifetime: Annotated[int, Field(ge=10, le=3600)] = Field(
        default=300, description="How long an ID token lasts, in seconds."
    )
    code_lifetime: Annotated[int, Field(ge=5, le=600)] = Field(
        default=60, description="How long an authorization code lasts, in seconds."
    )
    device_code_lifetime: Annotated[int, Field(ge=60, le=1800)] = Field(
        default=600, description="How long a person has to type the code that a device shows, in seconds."
    )
    par_lifetime: Annotated[int, Field(ge=5, le=599)] = Field(
        default=90, description="How long a pushed request stays valid before the browser brings it, in seconds."
    )
    refresh_rotation: Literal["confirm", "strict", "never"] = Field(
        default="confirm",
        description=(
            "`confirm`: the previous refresh token stays valid until its successor is used. `strict`: it ends at once. "
            "`never`: refresh tokens do not rotate."
        ),
    )
    refresh_idle_lifetime: kinds.GrantSeconds = Field(
        default=30 * 86400, description="How many seconds without a refresh end a grant."
    )
    grant_lifetime: kinds.GrantSeconds = Field(
        default=90 * 86400, description="How long a grant lasts at most, in seconds."
    )
    consent_lifetime: kinds.GrantSeconds = Field(
        default=90 * 86400, description="How long a consent is remembered, in seconds."
    )
    session_idle: kinds.IdleSeconds = Field(
        default=900, description="How many idle seconds end a session with one factor."
    )
    session_idle_strong: kinds.IdleSeconds = Field(
        default=300, description="How many idle seconds end a session with two factors."
    )
    session_absolute: kinds.SessionSeconds = Field(
        default=8 * 3600, description="How long a session lasts at most, in seconds."
    )
    dpop_nonce: Literal["accepted", "required"] = Field(
        default="accepted",
        description="`required`: a DPoP proof must contain our nonce. `accepted`: it may contain ours, and no other.",
    )
    passkey_aaguids: kinds.Aaguids = Field(
        default=(),
        description=(
            "The models of authenticators that may be registered as passkeys, by AAGUID. Empty for all. The "
            "authenticator states its own model; no attestation certificate is checked."
        ),
    )
    password_hashes: Annotated[int, Field(ge=1, le=64)] = Field(
        default=2,
        description="How many passwords a worker hashes at once, up to half its `THREADS` and one for each processor.",
    )
    notices: Literal["file", "console", "smtp", "none"] = Field(
        default="file",
        description=(
            "How people are told of changes to their account. `file`: each letter is a file in `DATA_DIR/outbox`. "
            "`smtp`: by email, to people who have an address."
        ),
    )
    smtp_host: str = Field(default="", description="The mail server. It is only used over TLS.")
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = Field(default=587, description="The mail server's port.")
    smtp_tls: Literal["by_port", "starttls", "implicit"] = Field(
        default="by_port",
        description=(
            "How TLS begins. `starttls`: by STARTTLS, without which nothing is sent. `implicit`: from the first byte. "
            "`by_port`: implicit on port 465, STARTTLS on any other."
        ),
    )
    smtp_ca_file: kinds.OptionalPath = Field(
        default=None,
        description="The certificate authorities for the mail server, in PEM. Default: those that the system trusts.",
    )
    smtp_user: str = Field(default="", description="The user name for the mail server. Empty: no sign-in.")
    smtp_password_file: kinds.OptionalPath = Field(default=None, description="The file with that user's password.")
    smtp_from: kinds.MailAddress = Field(
        default="no-reply@localhost", description="The address that letters to people come from."
    )
    first_factor_enrolment: Literal["password", "invitation"] = Field(
        default="password",
        description=(
            "How a person adds their first second factor. `password`: in the browser, after entering the password "
            "again. `invitation`: only with a link made by `authserver user invite`."
        ),
    )
    invitation_lifetime: kinds.SessionSeconds = Field(
        default=72 * 3600, description="How long an invitation link is valid, in seconds."
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
    limit_device_code_address: kinds.Limit = Field(
        default="10/minute;60/hour", description="Codes of devices that are sent by one network address."
    )
    limit_account_address: kinds.Limit = Field(
        default="600/minute",
        description="Account pages opened, forms sent there, and sign-outs by one network address.",
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
        description="The file through which workers share limits. Default: in shared memory, where the system has it.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="`info` writes a line for every request, `warning` only for refusals and failures."
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
            "device_code.address": self.limit_device_code_address,
            "account.address": self.limit_account_address,
            "account.person": self.limit_account_person,
            "client": self.limit_client,
            "client_authentication_failure": self.limit_client_authentication_failure,
        }
