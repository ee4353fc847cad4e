"""A request to a protected API, and the access token that was accepted with it."""

from collections.abc import Mapping

from authserver.binding.model import Binding
from authserver.protocol.errors import InvalidToken
from authserver.resource.details import Detail
from authserver.values import Hidden, Value


class ResourceRequest(Value, frozen=True):
    """What of a request decides whether it may pass; nothing in it is verified.

    `uris` are the spellings of its own URL that a DPoP proof may name. `certificate` is the client's in DER, as the TLS
    listener or a trusted proxy gave it. `token_in_query` tells that the query holds an `access_token`.
    """

    method: str
    uris: tuple[str, ...]
    authorization: Hidden[str | None] = None
    dpop_proofs: Hidden[tuple[str, ...]] = ()
    certificate: Hidden[bytes | None] = None
    token_in_query: bool = False


class PresentedToken(Value, frozen=True):
    """An access token as it came, with its scheme in lower case: `bearer` or `dpop`."""

    scheme: str
    token: Hidden[str]


class AccessToken(Value, frozen=True):
    """A token that is good here: for whom it speaks, what it permits, and the key it is bound to.

    `acr` and `auth_time` tell how well and when the person signed in, where they are told at all; `details` are the
    authorization details that the person granted, none of which can be changed.
    """

    subject: str
    client_id: str
    scope: frozenset[str]
    expires_at: int
    binding: Binding
    claims: Hidden[Mapping[str, object]]
    acr: str | None = None
    auth_time: int | None = None
    details: Hidden[tuple[Detail, ...]] = ()

    def details_of(self, type_name: str) -> tuple[Detail, ...]:
        """Return the granted details of one type.

        Spec: RFC9396-9
        """
        return tuple(detail for detail in self.details if detail["type"] == type_name)

    @property
    def speaks_for_person(self) -> bool:
        """Return whether a person stands behind the token, and not the client alone.

        Spec: RFC9068-2.2, RFC9068-5
        """
        return self.subject != self.client_id


class TokenMissing(InvalidToken):
    """No token came at all: the challenge then names no error.

    Spec: RFC6750-3.1
    """

    def __init__(self) -> None:
        super().__init__("An access token is required.", clause="RFC6750-3.1")
