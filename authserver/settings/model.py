"""Every setting, with its default, its bounds and its documentation, from which `docs/configuration.md` is rendered."""

from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from limits import parse_many
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from authserver.profiles.catalogue import PROFILES
from authserver.protocol.names import ACR_LADDER, ACR_TWO_FACTORS

ENVIRONMENT_PREFIX = "AUTHSERVER_"


def _split(value: object) -> object:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _split_pairs(value: object) -> object:
    if not isinstance(value, str):
        return value
    pairs = (part.strip().partition("=") for part in value.split(",") if part.strip())
    return {name.strip(): given.strip() for name, _, given in pairs}


def _check_origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.path or parts.query or parts.fragment or parts.username:
        raise ValueError("an https origin without a path, such as https://login.example.com")
    return value


def _check_optional_origin(value: str) -> str:
    return _check_origin(value) if value else value


def _check_networks(value: tuple[str, ...]) -> tuple[str, ...]:
    for entry in value:
        if entry == "unix":
            continue
        try:
            network = ip_network(entry)
        except ValueError:
            raise ValueError("a list of networks such as 10.0.0.0/8, or unix") from None
        if network.prefixlen == 0:
            raise ValueError("networks that do not hold every address")
    return value


def _check_profile(value: str) -> str:
    if value not in PROFILES:
        raise ValueError(f"one of: {', '.join(sorted(PROFILES))}")
    return value


def _check_acrs(value: Mapping[str, str]) -> Mapping[str, str]:
    if not set(value.values()) <= set(ACR_LADDER):
        raise ValueError(f"scope=acr pairs, the acr one of: {', '.join(ACR_LADDER)}")
    return value


def _check_limit(value: str) -> str:
    if value:
        try:
            parse_many(value)
        except ValueError:
            raise ValueError("limits such as 10/minute;100/hour, or empty for none") from None
    return value


_List = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
_Limit = Annotated[str, AfterValidator(_check_limit)]
_Pairs = Annotated[dict[str, str], NoDecode, BeforeValidator(_split_pairs)]


class Settings(BaseSettings):
    """Everything an operator can set."""

    model_config = SettingsConfigDict(env_prefix=ENVIRONMENT_PREFIX, frozen=True, extra="forbid", env_ignore_empty=True)

    issuer: Annotated[str, AfterValidator(_check_origin)] = Field(
        default="https://localhost:8443",
        description="The issuer identifier: the origin under which browsers and clients reach the server.",
    )
    mtls_origin: Annotated[str, AfterValidator(_check_optional_origin)] = Field(
        default="",
        description=(
            "The origin where client certificates are asked for, advertised in `mtls_endpoint_aliases`. Empty where "
            "the issuer's own origin asks for them."
        ),
    )
    site_name: str = Field(default="Sign-in", description="The deployment's name, on every page.")
    help_url: str = Field(default="", description="Where a person finds help; linked from every page.")
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description=(
            "`sqlite:////path/file` or `postgresql+psycopg://user@host/name`. Empty for an SQLite file in `DATA_DIR`."
        ),
    )
    data_dir: Path = Field(default=Path("data"), description="Where the server keeps its files.")
    master_key_file: Path | None = Field(
        default=None,
        description="The file with the master key, 32 bytes in base64. Default: `master.key` in `DATA_DIR`.",
    )
    valkey_url: SecretStr = Field(
        default=SecretStr(""),
        description="`valkey://host:port`: shares limits between nodes. Empty for one machine.",
    )
    listen: str = Field(
        default="127.0.0.1:8443", description="Where to listen: `address:port`, `:port` or `unix:/path`."
    )
    listen_mtls: str = Field(
        default="127.0.0.1:8444",
        description="Where to listen and ask for client certificates; with our own TLS alone. Empty for nowhere.",
    )
    tls_cert_file: Path | None = Field(
        default=None, description="The server's certificate chain in PEM. Without it the server expects a TLS proxy."
    )
    tls_key_file: Path | None = Field(default=None, description="The key of that certificate in PEM.")
    client_ca_file: Path | None = Field(
        default=None, description="The authorities in PEM that issue certificates of `tls_client_auth` clients."
    )
    trusted_proxies: Annotated[_List, AfterValidator(_check_networks)] = Field(
        default=(),
        description="Networks whose proxies are believed about addresses and certificates; `unix` for a Unix socket.",
    )
    client_cert_header: Literal["rfc9440", "nginx", "envoy", "traefik", "haproxy", "alb", ""] = Field(
        default="", description="The form in which the trusted proxy hands on the client's certificate."
    )
    fetch_allow: _List = Field(
        default=(),
        description="`host:port` entries that fetches of client keys may reach although not globally routable.",
    )
    fetch_ca_file: Path | None = Field(default=None, description="Further authorities in PEM for those fetches.")
    default_profile: Annotated[str, AfterValidator(_check_profile)] = Field(
        default="fapi2", description="The profile of clients that name none: `fapi2` or `oidc`."
    )
    profiles: _List = Field(
        default=("fapi2",), description="The profiles that clients may have; metadata advertises what they permit."
    )
    scope_acr: Annotated[_Pairs, AfterValidator(_check_acrs)] = Field(
        default={"accounts": ACR_TWO_FACTORS, "payments": ACR_TWO_FACTORS},
        description="The acr that a scope needs at the least: `scope=acr` pairs.",
    )
    access_token_lifetime: Annotated[int, Field(ge=10, le=3600)] = Field(
        default=300, description="How long an access token lasts, in seconds."
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
    refresh_idle_lifetime: Annotated[int, Field(ge=60)] = Field(
        default=30 * 86400, description="After how many seconds without a refresh a grant ends."
    )
    grant_lifetime: Annotated[int, Field(ge=60)] = Field(
        default=90 * 86400, description="After how many seconds a grant ends at the latest."
    )
    consent_lifetime: Annotated[int, Field(ge=60)] = Field(
        default=90 * 86400, description="For how many seconds a consent is remembered."
    )
    session_idle: Annotated[int, Field(ge=60)] = Field(
        default=900, description="After how many idle seconds a session on one factor ends."
    )
    session_idle_strong: Annotated[int, Field(ge=60)] = Field(
        default=300, description="After how many idle seconds a session on two factors ends."
    )
    session_absolute: Annotated[int, Field(ge=60)] = Field(
        default=8 * 3600, description="After how many seconds a session ends in any case."
    )
    dpop_nonce: Literal["offered", "required"] = Field(
        default="offered",
        description="`required`: a DPoP proof must carry our nonce. `offered`: if it carries one it must be ours.",
    )
    password_hashes: Annotated[int, Field(ge=1, le=64)] = Field(
        default=2, description="How many passwords are hashed at the same time in one worker."
    )
    workers: Annotated[int, Field(ge=1, le=256)] = Field(default=1, description="How many worker processes serve.")
    threads: Annotated[int, Field(ge=1, le=64)] = Field(default=4, description="How many threads serve in a worker.")
    limit_sign_in_address: _Limit = Field(
        default="60/minute;600/hour", description="Sign-in attempts by one network address."
    )
    limit_sign_in_username: _Limit = Field(
        default="10/minute;50/hour", description="Sign-in attempts for one username."
    )
    limit_second_factor_address: _Limit = Field(
        default="60/minute;600/hour", description="Second-factor attempts by one network address."
    )
    limit_second_factor_account: _Limit = Field(
        default="5/minute;30/hour", description="Second-factor attempts for one account."
    )
    limit_consent_address: _Limit = Field(default="120/minute", description="Consent forms by one network address.")
    limit_client: _Limit = Field(default="6000/minute", description="Authenticated requests by one client.")
    limit_client_authentication_failure: _Limit = Field(
        default="120/minute", description="Failed client authentications by one network address."
    )
    limits_path: Path | None = Field(
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
        return self.master_key_file or self.data_dir / "master.key"

    def limits(self) -> dict[str, str]:
        """Return every limit under the name by which it is counted."""
        return {
            "sign_in.address": self.limit_sign_in_address,
            "sign_in.username": self.limit_sign_in_username,
            "second_factor.address": self.limit_second_factor_address,
            "second_factor.account": self.limit_second_factor_account,
            "consent.address": self.limit_consent_address,
            "client": self.limit_client,
            "client_authentication_failure": self.limit_client_authentication_failure,
        }
