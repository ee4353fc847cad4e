"""What the rest of the house asks of a factor: what proving it is worth, at which page, and in which words."""

from collections.abc import Mapping
from typing import Final

from authserver.messages import Message
from authserver.values import Value

KNOWLEDGE: Final = "knowledge"
POSSESSION: Final = "possession"
USER_VERIFICATION: Final = "user_verification"
"""What an authenticator asked of its user before it signed, a PIN or a fingerprint: it does not tell which."""

PASSWORD_NAME: Final = "password"  # noqa: S105 - a factor's name
_ALONE: Final = frozenset({PASSWORD_NAME})


class Method(Value, frozen=True):
    """One way of proving a factor.

    It has its categories, its authentication method references, whether it alone is `phr`, and what its person reads
    it was done with.

    Spec: RFC8176-2
    """

    categories: frozenset[str]
    references: tuple[str, ...]
    words: Message
    phishing_resistant: bool = False


class Factor(Value, frozen=True):
    """A thing that a person proves themselves by.

    `name` is what `Enrolled` calls it; `methods` are its ways of proving, by the names under which sessions keep them;
    `path` is the page that asks for it; `instead` are the words of the link from another page to that one.
    """

    name: str
    methods: Mapping[str, Method]
    path: str
    instead: Message

    def __hash__(self) -> int:
        """Hash by the name, which no other factor has."""
        return hash(self.name)


class Enrolled(Value, frozen=True):
    """What a person can prove themselves with: the names of the factors they have.

    `closed_passkey`: a passkey was closed as a possible copy; it proves nothing, but whoever has it is not without one.
    `passkey_offered`: a passkey was offered to the person already, whatever they said.
    """

    names: frozenset[str] = frozenset()
    closed_passkey: bool = False
    passkey_offered: bool = False

    def has(self, factor: Factor) -> bool:
        """Return whether the person has a factor."""
        return factor.name in self.names

    @property
    def has_second_factor(self) -> bool:
        """Return whether there is anything beside the password, which then never suffices to add more."""
        return self.closed_passkey or bool(self.names - _ALONE)
