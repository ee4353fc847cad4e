"""What settings may be each by itself and not together."""

from authserver.settings.model import Settings


def find_disagreement(settings: Settings) -> str:
    """Return the name and the reason of the first setting that does not agree with the rest, or nothing."""
    if settings.default_profile not in settings.profiles:
        return f"DEFAULT_PROFILE was {settings.default_profile!r}; it may be: one of PROFILES"
    if settings.registration == "open" and "oidc" not in settings.profiles:
        return "REGISTRATION was 'open'; it may be: token or off, since PROFILES has no oidc, the one that may be open"
    needed = (
        ("tls_cert_file", "tls_key_file", "the key of TLS_CERT_FILE in PEM"),
        ("tls_key_file", "tls_cert_file", "the certificate chain of TLS_KEY_FILE in PEM"),
        ("client_cert_header_name", "client_cert_header", "the form of CLIENT_CERT_HEADER_NAME"),
        ("client_address_header", "trusted_proxies", "the proxies that send CLIENT_ADDRESS_HEADER"),
        ("client_cert_header", "trusted_proxies", "the proxies that send CLIENT_CERT_HEADER"),
    )
    if settings.notices == "smtp" and not settings.smtp_host:
        return "SMTP_HOST was not set; it may be: the name of the mail server, since NOTICES is smtp"
    for given, wanted, meaning in needed:
        if getattr(settings, given) and not getattr(settings, wanted):
            return f"{wanted.upper()} was not set; it may be: {meaning}"
    return ""
