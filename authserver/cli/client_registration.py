"""What a registration should be warned of, although it is taken."""

from collections.abc import Mapping

from authserver.cli.output import note
from authserver.clients.subject_order import right_order
from authserver.profiles.assess import WARNING, Finding

_SUBJECT_DN = "tls_client_auth_subject_dn"


def note_subject(metadata: Mapping[str, object]) -> None:
    """Warn of a registered subject that looks as OpenSSL prints it, which hardly any certificate shows."""
    found = find_subject_order(metadata)
    if found is not None:
        note(f"Warning: {found.message} {found.mend} [{found.clause}]")


def find_subject_order(metadata: Mapping[str, object]) -> Finding | None:
    """Return the finding that a registered subject runs the wrong way, or None.

    Spec: RFC8705-2.1.2, RFC4514-2.1
    """
    subject = metadata.get(_SUBJECT_DN)
    right = right_order(subject) if isinstance(subject, str) else None
    if right is None:
        return None
    return Finding(
        WARNING,
        "RFC4514-2.1",
        f"{_SUBJECT_DN} begins with the most general part, or has slashes, as OpenSSL prints it; hardly any "
        "certificate matches it so.",
        f"RFC 4514 begins with the most particular part: {right}",
    )
