"""What settings may be each by itself and not together."""

from collections.abc import Mapping
from typing import Any


def find_disagreement(values: Mapping[str, Any]) -> str:
    """Return the name and the reason of the first setting that does not agree with the rest, or nothing."""
    if values["default_profile"] not in values["profiles"]:
        return f"DEFAULT_PROFILE was {values['default_profile']!r}; it may be: one of PROFILES"
    needed = (
        ("tls_cert_file", "tls_key_file", "the key of TLS_CERT_FILE in PEM"),
        ("tls_key_file", "tls_cert_file", "the certificate chain of TLS_KEY_FILE in PEM"),
        ("client_cert_header_name", "client_cert_header", "the form of CLIENT_CERT_HEADER_NAME"),
        ("client_address_header", "trusted_proxies", "the proxies that send CLIENT_ADDRESS_HEADER"),
        ("client_cert_header", "trusted_proxies", "the proxies that send CLIENT_CERT_HEADER"),
    )
    if values["notices"] == "smtp" and not values["smtp_host"]:
        return "SMTP_HOST was not set; it may be: the name of the mail server, since NOTICES is smtp"
    for given, wanted, meaning in needed:
        if values[given] and not values[wanted]:
            return f"{wanted.upper()} was not set; it may be: {meaning}"
    return ""
