"""What a client registered and this deployment, as it is set up, can never do for it, or does with a risk."""

from collections.abc import Iterable, Iterator, Mapping

from authserver.cli.output import note
from authserver.clients.load import load_client
from authserver.operations.lookups import ClientRecord
from authserver.outbound.fetch import FetchRefused, find_permission
from authserver.profiles.assess import ERROR, WARNING, Finding
from authserver.protocol.errors import InvalidClientMetadata
from authserver.protocol.names import MTLS_METHODS, SELF_SIGNED_TLS_CLIENT_AUTH, TLS_CLIENT_AUTH
from authserver.settings.model import Settings

_MOST_NAMED = 20


def find_misfits(metadata: Mapping[str, object], settings: Settings) -> list[Finding]:
    """Return where a registration and the settings do not fit, judged without any network.

    Spec: RFC8705-2.1, RFC8705-2.2.2, RFC9700-4.11, RFC9396-10
    """
    return [*_certificates(metadata, settings), *_key_address(metadata, settings), *_types(metadata, settings)]


def find_all_misfits(records: Iterable[ClientRecord], settings: Settings) -> list[Finding]:
    """Return what does not fit of all these clients, each finding with its client's id; and those that rules refuse."""
    return [
        Finding(found.severity, found.clause, f"client {record.client_id}: {found.message}", found.mend)
        for record in records
        for found in (*_refused(record), *find_misfits(record.metadata, settings))
    ]


def name_misfits(records: Iterable[ClientRecord], settings: Settings) -> None:
    """Say on standard error which of these clients can never come in, and what to do; they stop no start."""
    findings = [found for found in find_all_misfits(records, settings) if found.severity == ERROR]
    for found in findings[:_MOST_NAMED]:
        note(f"Warning: {found.message} {found.mend} [{found.clause}]")
    if len(findings) > _MOST_NAMED:
        note(f"Warning: and {len(findings) - _MOST_NAMED} more; see: authserver assess")


def _refused(record: ClientRecord) -> Iterator[Finding]:
    try:
        load_client(record)
    except InvalidClientMetadata as error:
        message = f"{error.member}: {error.description}"
        yield Finding(ERROR, error.clause, message, f"Mend it: authserver client update {record.client_id} FILE.")


def _certificates(metadata: Mapping[str, object], settings: Settings) -> Iterator[Finding]:
    method, own_tls = metadata.get("token_endpoint_auth_method"), settings.tls_cert_file is not None
    needs = method in MTLS_METHODS or bool(metadata.get("tls_client_certificate_bound_access_tokens"))
    if needs and not (settings.listen_mtls if own_tls else settings.client_cert_header):
        yield Finding(
            ERROR,
            "RFC8705-2",
            "it needs a certificate, and none ever arrives here.",
            f"Set {'LISTEN_MTLS' if own_tls else 'CLIENT_CERT_HEADER'}.",
        )
    if method == TLS_CLIENT_AUTH and settings.client_ca_file is None:
        yield Finding(
            ERROR, "RFC8705-2.1", "tls_client_auth: no authority of certificates is known.", "Set CLIENT_CA_FILE."
        )
    # Our own TLS must know a self-signed certificate before it lets its client in: those in jwks alone are so early.
    if own_tls and method == SELF_SIGNED_TLS_CLIENT_AUTH and metadata.get("jwks_uri") is not None:
        yield Finding(
            ERROR,
            "RFC8705-2.2.2",
            "jwks_uri: our own TLS lets no self-signed certificate in that stands there alone.",
            "Register jwks with x5c instead, or put a proxy in front.",
        )


def _key_address(metadata: Mapping[str, object], settings: Settings) -> Iterator[Finding]:
    url = metadata.get("jwks_uri")
    if not isinstance(url, str):
        return
    try:
        entry = find_permission(url, settings.fetch_allow)
    except FetchRefused as error:
        yield Finding(ERROR, "RFC9700-4.11", f"jwks_uri: it is never fetched: {error}.", "Add it to FETCH_ALLOW.")
        return
    if entry is not None:
        yield Finding(
            WARNING,
            "RFC9700-4.11",
            f"jwks_uri: FETCH_ALLOW lists {entry}, so it is fetched even from this machine or a private network.",
            "Take it out of FETCH_ALLOW if it is public.",
        )


def _types(metadata: Mapping[str, object], settings: Settings) -> Iterator[Finding]:
    types = metadata.get("authorization_details_types")
    lacking = sorted(set(types) - settings.detail_types()) if isinstance(types, list) else []
    if lacking:
        yield Finding(
            WARNING,
            "RFC9396-10",
            f"authorization_details_types: this deployment does not offer {', '.join(lacking)}.",
            "Set BANKING to on, or take them out of the registration.",
        )
