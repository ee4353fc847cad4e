"""What of a registration is shown to people as it is: the app's name, and who checked the app on which day."""

import unicodedata
from datetime import date
from typing import Final

from authserver.clients.metadata import ClientMetadata
from authserver.clients.model import Checked
from authserver.protocol.errors import InvalidClientMetadata
from authserver.protocol.safe_text import is_unseen

_JOINERS: Final = frozenset("\u200c\u200d")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def parse_shown(metadata: ClientMetadata) -> Checked | None:
    """Return who checked the app, or None where its registration does not say; refuse names that cannot be read.

    The checker is a name with its day, or expressly nobody: an empty name, whatever the deployment says of its apps.

    Spec: RFC7591-5, ASVS5-10.4.7
    """
    _check_name("client_name", metadata.client_name)
    checker, day = metadata.checked_by, metadata.checked_on
    if bool(checker) != bool(day):
        raise InvalidClientMetadata(
            "checked_on", "The metadata must contain both checked_by and checked_on, or neither.", clause="RFC7591-5"
        )
    _check_name("checked_by", checker or "")
    if checker is None:
        return None
    try:
        return Checked(checker, date.fromisoformat(day) if day else None)
    except ValueError as error:
        raise InvalidClientMetadata(
            "checked_on", "The checked_on must be a day such as 2026-11-30.", clause="RFC7591-5"
        ) from error


def _check_name(member: str, name: str) -> None:
    """Refuse a name that people would see otherwise than it is written, or not at all.

    So control and direction characters go; joiners stay, which some scripts cannot be written without.

    Spec: RFC7591-5
    """
    shown = [character for character in name if character not in _JOINERS]
    is_blank = bool(name) and all(is_unseen(character) or character.isspace() for character in shown)
    if is_blank or any(unicodedata.category(character) in _UNSEEN for character in shown):
        raise InvalidClientMetadata(member, f"The {member} must not contain invisible characters.", clause="RFC7591-5")
