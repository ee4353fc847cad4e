"""What a deployment that faces people should not leave as it was made, judged by its settings alone."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from authserver.profiles.assess import ERROR, WARNING, Finding
from authserver.settings.model import FIELDS, Settings

# By the form in which they hand on the certificate; rfc9440 and nginx are those of nginx, which drops such names.
_PASSING_PROXIES: Final = {
    "haproxy": "HAProxy, Caddy or httpd",
    "envoy": "Envoy",
    "traefik": "Traefik",
    "alb": "an AWS load balancer",
}


def assess_production(settings: Settings) -> list[Finding]:
    """Return what is missing before people and apps may rely on a deployment.

    Spec: FAPI2-SP-FINAL-5.2.1-1, ASVS5-6.3.7
    """
    return [*_origin(settings), *_transport(settings), *_letters(settings), *_names(settings), *_storage(settings)]


def _origin(settings: Settings) -> Iterator[Finding]:
    host = urlsplit(settings.issuer).hostname or ""
    if host == "localhost" or host.endswith((".localhost", ".local", ".test", ".invalid", ".example")):
        yield _error(f"ISSUER is {settings.issuer}, which only this machine or no machine reaches.", "Set ISSUER.")
    elif _is_address(host):
        # A relying party's id is a domain: WebAuthn, section 5.1.2.
        yield _error("ISSUER is an address, under which no passkey works.", "Set ISSUER to a name.")


def _transport(settings: Settings) -> Iterator[Finding]:
    if settings.tls_cert_file is None and not settings.trusted_proxies:
        yield Finding(
            ERROR,
            "FAPI2-SP-FINAL-5.2.1-1",
            "There is neither TLS of our own nor a proxy that is believed: everyone counts as one address.",
            "Set TLS_CERT_FILE and TLS_KEY_FILE, or TRUSTED_PROXIES.",
        )
    if settings.tls_cert_file is None and settings.trusted_proxies and not settings.client_cert_header:
        yield _warning(
            "The proxy hands on no client certificates: clients and tokens can be bound by DPoP alone.",
            "Set CLIENT_CERT_HEADER where clients have certificates.",
        )
    if settings.tls_cert_file is None and settings.trusted_proxies:
        yield from _header_names(settings)
    if settings.tls_cert_file is not None and not settings.listen_mtls:
        yield _warning(
            "No listener asks for client certificates: clients and tokens can be bound by DPoP alone.",
            "Set LISTEN_MTLS where clients have certificates.",
        )


def _header_names(settings: Settings) -> Iterator[Finding]:
    """Find headers of a usual name behind a proxy that passes a client's other spelling of it on.

    Judged by the form of the certificate: whether a proxy was told to drop such names cannot be seen from here.
    """
    passing = _PASSING_PROXIES.get(settings.client_cert_header)
    unnamed = [name for name in ("client_cert_header_name", "client_address_header") if not getattr(settings, name)]
    if passing and unnamed:
        yield Finding(
            WARNING,
            "RFC8705-6.5",
            f"{' and '.join(unnamed).upper().replace(' AND ', ' and ')} not set: {passing} passes names with "
            "underscores, by which anyone writes the proxy's header, unless told to drop them.",
            "Give the headers names of their own: deploy/nginx/README.md, names with underscores.",
        )


def _letters(settings: Settings) -> Iterator[Finding]:
    if settings.notices != "smtp":
        yield Finding(
            ERROR,
            "ASVS5-6.3.7",
            f"NOTICES is {settings.notices}: nobody is told of changes to their account.",
            "Set NOTICES=smtp with SMTP_HOST and SMTP_FROM.",
        )
    elif settings.smtp_from.endswith("@localhost"):
        yield _error(f"SMTP_FROM is {settings.smtp_from}, which no mail server takes.", "Set SMTP_FROM.")


def _names(settings: Settings) -> Iterator[Finding]:
    if settings.site_name == FIELDS["site_name"].default:
        yield _error(f"SITE_NAME is {settings.site_name}: no page says whose it is.", "Set SITE_NAME.")
    if not settings.help_url:
        yield _warning("HELP_URL is empty: a person who cannot sign in finds no help.", "Set HELP_URL.")


def _storage(settings: Settings) -> Iterator[Finding]:
    if not settings.data_dir.is_absolute():
        yield _warning(
            f"DATA_DIR is {settings.data_dir}, which depends on where a command is started.",
            "Set DATA_DIR to a whole path, or run authserver init.",
        )
    if settings.workers > 1 and settings.database.startswith("sqlite"):
        yield _warning("Several workers share one SQLite file, which has one writer.", "Use PostgreSQL: DATABASE_URL.")


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _error(message: str, mend: str) -> Finding:
    return Finding(ERROR, "", message, mend)


def _warning(message: str, mend: str) -> Finding:
    return Finding(WARNING, "", message, mend)
