"""What a registration should be warned of, although it is taken."""

from collections.abc import Mapping

from authserver.cli.client_findings import find_misfits
from authserver.cli.output import note
from authserver.clients.subject_order import right_order
from authserver.profiles.assess import WARNING, Finding
from authserver.settings.model import Settings

_SUBJECT_DN = "tls_client_auth_subject_dn"


def note_doubts(metadata: Mapping[str, object], settings: Settings) -> None:
    """Warn of what was registered and hardly works, or works with a risk: a subject's order, an address of keys."""
    order = find_subject_order(metadata)
    for found in (*([order] if order else ()), *find_misfits(metadata, settings)):
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
