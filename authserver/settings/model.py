"""Every setting, with its default, its bounds and its documentation, from which `docs/configuration.md` is rendered."""

import os
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final, Literal

from msgspec import Meta
from msgspec.structs import FieldInfo, fields

from authserver.profiles.catalogue import DEFAULT_PROFILE
from authserver.protocol.names import ACR_TWO_FACTORS
from authserver.settings import kinds
from authserver.settings.banking import BankingSettings

ENVIRONMENT_PREFIX = "AUTHSERVER_"
MASTER_KEY_NAME = "master.key"


class Settings(BankingSettings, frozen=True, kw_only=True):
    """Everything an operator can set, each with its default; `load_settings` is what checks them."""

    database_url: kinds.DatabaseUrl = ""
    """The database. Empty for an SQLite file in `DATA_DIR`."""
    database_timeout: Annotated[int, Meta(ge=1, le=60)] = 5
    """How many seconds one read or one transaction may take, including the wait for a connection. After that its
    connection is closed and the response is 503. A request has one or a few of them and ends at the first that takes
    too long. PostgreSQL cancels a statement after four fifths of this time."""
    database_start_timeout: Annotated[int, Meta(ge=0, le=3600)] = 60
    """How many seconds `serve` waits for a database that cannot be reached, as during a failover."""
    data_dir: Path = Path("data")
    """Where the server keeps its files."""
    master_key_file: kinds.OptionalPath = None
    """The file with the master key, 32 bytes in base64. Default: the credential `master.key` that systemd passes on,
    otherwise `master.key` in `DATA_DIR`."""
    valkey_url: kinds.ValkeyUrl = ""
    """The Valkey in which nodes share limits; needs the extra `authserver[valkey]`. Empty for one node."""
    listen: kinds.Listen = "127.0.0.1:8443"
    """The address to listen on."""
    listen_mtls: kinds.OptionalListen = "127.0.0.1:8444"
    """The address on which client certificates are requested; only with our own TLS. Empty for none."""
    tls_cert_file: kinds.OptionalPath = None
    """The server's certificate chain in PEM. Without it the server expects a TLS proxy."""
    tls_key_file: kinds.OptionalPath = None
    """The key of that certificate in PEM."""
    client_ca_file: kinds.OptionalPath = None
    """The certificate authorities for `tls_client_auth` clients, in PEM."""
    trusted_proxies: kinds.Networks = ()
    """Networks of proxies that may state a client's address and certificate; `unix` for a Unix socket."""
    client_cert_header: Literal["rfc9440", "nginx", "envoy", "traefik", "haproxy", "alb", ""] = ""
    """The format in which the trusted proxy passes on the client's certificate."""
    client_cert_header_name: kinds.HeaderName = ""
    """The name of that header, if it is not the usual one: only letters and digits, so that no name with an underscore
    can be mistaken for it, and preferably a secret shared by proxy and server, such as `ClientCert` followed by 32
    random hex digits. Needed behind proxies that pass on names with underscores."""
    client_address_header: kinds.HeaderName = ""
    """The header in which the trusted proxy writes the client's address, if it is not `X-Forwarded-For`: only letters
    and digits, for the same reason."""
    fetch_allow: kinds.Authorities = ()
    """Hosts that client keys may be fetched from although their addresses are not globally routable."""
    fetch_ca_file: kinds.OptionalPath = None
    """Additional certificate authorities for those fetches, in PEM."""
    default_profile: kinds.ProfileName = DEFAULT_PROFILE.name
    """The profile of clients whose registration names none; one of `PROFILES`."""
    registration: Literal["off", "token", "open"] = "off"
    """Whether clients may register themselves at `/register`. `token`: with an initial access token, which `authserver
    client token` makes. `open`: without one too, under the profile `oidc` alone."""
    profiles: kinds.ProfileNames = (DEFAULT_PROFILE.name,)
    """The profiles that clients may have. The metadata advertises what they permit."""
    scope_acr: kinds.ScopeAcrs = MappingProxyType({"accounts": ACR_TWO_FACTORS, "payments": ACR_TWO_FACTORS})
    """The lowest acr that each scope requires."""
    scope_descriptions: kinds.ScopeDescriptions = MappingProxyType({})
    """What each scope means, in a few words, for the pages where a person decides. They replace the built-in
    descriptions; a scope without a description is shown by its name."""
    access_token_lifetime: Annotated[int, Meta(ge=10, le=3600)] = 300
    """How long an access token lasts, in seconds."""
    introspection_max_age: Annotated[int, Meta(ge=0, le=60)] = 0
    """How many seconds an API may cache the introspection response of an active token. During that time it may not know
    that the token was revoked. 0: no caching. Responses about payments are never cached."""
    id_token_lifetime: Annotated[int, Meta(ge=10, le=3600)] = 300
    """How long an ID token lasts, in seconds."""
    code_lifetime: Annotated[int, Meta(ge=5, le=600)] = 60
    """How long an authorization code lasts, in seconds."""
    device_code_lifetime: Annotated[int, Meta(ge=60, le=1800)] = 600
    """How long a person has to type the code that a device shows, in seconds."""
    par_lifetime: Annotated[int, Meta(ge=5, le=599)] = 90
    """How long a pushed request stays valid before the browser brings it, in seconds."""
    refresh_rotation: Literal["confirm", "strict", "never"] = "confirm"
    """`confirm`: the previous refresh token stays valid until its successor is used. `strict`: it ends at once.
    `never`: refresh tokens do not rotate."""
    refresh_idle_lifetime: kinds.GrantSeconds = 30 * 86400
    """How many seconds without a refresh end a grant."""
    grant_lifetime: kinds.GrantSeconds = 90 * 86400
    """How long a grant lasts at most, in seconds."""
    consent_lifetime: kinds.GrantSeconds = 90 * 86400
    """How long a consent is remembered, in seconds."""
    session_idle: kinds.IdleSeconds = 900
    """How many idle seconds end a session with one factor."""
    session_idle_strong: kinds.IdleSeconds = 300
    """How many idle seconds end a session with two factors."""
    session_absolute: kinds.SessionSeconds = 8 * 3600
    """How long a session lasts at most, in seconds."""
    dpop_nonce: Literal["accepted", "required"] = "accepted"
    """`required`: a DPoP proof must contain our nonce. `accepted`: it may contain ours, and no other."""
    passkey_aaguids: kinds.Aaguids = ()
    """The models of authenticators that may be registered as passkeys, by AAGUID. Empty for all. The authenticator
    states its own model; no attestation certificate is checked."""
    password_hashes: Annotated[int, Meta(ge=1, le=64)] = 2
    """How many passwords a worker hashes at once, up to half its `THREADS` and one for each processor."""
    notices: Literal["file", "console", "smtp", "none"] = "file"
    """How people are told of changes to their account. `file`: each letter is a file in `DATA_DIR/outbox`. `smtp`: by
    email, to people who have an address."""
    smtp_host: str = ""
    """The mail server. It is only used over TLS."""
    smtp_port: Annotated[int, Meta(ge=1, le=65535)] = 587
    """The mail server's port."""
    smtp_tls: Literal["by_port", "starttls", "implicit"] = "by_port"
    """How TLS begins. `starttls`: by STARTTLS, without which nothing is sent. `implicit`: from the first byte.
    `by_port`: implicit on port 465, STARTTLS on any other."""
    smtp_ca_file: kinds.OptionalPath = None
    """The certificate authorities for the mail server, in PEM. Default: those that the system trusts."""
    smtp_user: str = ""
    """The user name for the mail server. Empty: no sign-in."""
    smtp_password_file: kinds.OptionalPath = None
    """The file with that user's password."""
    smtp_from: kinds.MailAddress = "no-reply@localhost"
    """The address that letters to people come from."""
    first_factor_enrolment: Literal["password", "invitation"] = "password"
    """How a person adds their first second factor. `password`: in the browser, after entering the password again.
    `invitation`: only with a link made by `authserver user invite`."""
    invitation_lifetime: kinds.SessionSeconds = 72 * 3600
    """How long an invitation link is valid, in seconds."""
    workers: Annotated[int, Meta(ge=1, le=256)] = 1
    """How many worker processes serve."""
    threads: Annotated[int, Meta(ge=1, le=64)] = 4
    """How many threads serve in a worker."""
    limit_sign_in_address: kinds.Limit = "60/minute;600/hour"
    """Sign-in attempts by one network address."""
    limit_second_factor_address: kinds.Limit = "60/minute;600/hour"
    """Second-factor attempts by one network address."""
    limit_authorize_address: kinds.Limit = "600/minute"
    """Authorization requests opened by one network address."""
    limit_consent_address: kinds.Limit = "120/minute"
    """Consent forms by one network address."""
    limit_device_code_address: kinds.Limit = "10/minute;60/hour"
    """Codes of devices that are sent by one network address."""
    limit_account_address: kinds.Limit = "600/minute"
    """Account pages opened, forms sent there, and sign-outs by one network address."""
    limit_account_person: kinds.Limit = "30/minute;300/hour"
    """Forms that one person sends in their account."""
    limit_registration_address: kinds.Limit = "20/minute;200/hour"
    """Registrations, and changes of them, by one network address."""
    limit_client: kinds.Limit = "6000/minute"
    """Authenticated requests by one client."""
    limit_client_authentication_failure: kinds.Limit = "120/minute"
    """Failed client authentications by one network address."""
    limits_path: kinds.OptionalPath = None
    """The file through which workers share limits. Default: in shared memory, where the system has it."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """`info` writes a line for every request, `warning` only for refusals and failures."""

    @property
    def certificate_origin(self) -> str:
        """Return the origin that asks for certificates, which may be the issuer's own."""
        return self.mtls_origin or self.issuer

    @property
    def database(self) -> str:
        """Return the database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve() / 'authserver.sqlite'}"

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
            "registration.address": self.limit_registration_address,
            "client": self.limit_client,
            "client_authentication_failure": self.limit_client_authentication_failure,
        }


FIELDS: Final[Mapping[str, FieldInfo]] = {each.name: each for each in fields(Settings)}
"""Every setting by its name, with its type and default."""
