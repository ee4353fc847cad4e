"""What a route asks of a token beyond that it is good: its reach, its details, and how the person signed in."""

from authserver.binding.dpop import FUTURE_TOLERANCE_SECONDS
from authserver.clock import is_fresh
from authserver.protocol.assurance import satisfies
from authserver.protocol.errors import InsufficientScope, InsufficientUserAuthentication
from authserver.protocol.names import ACR_LADDER
from authserver.resource.model import AccessToken, PresentedToken
from authserver.values import Value


class Demand(Value, frozen=True):
    """What a route needs; each part left out is not asked for.

    `any_of` are alternatives of scopes needed together. One of `acr_values` must be reached, by a sign-in that is at
    most `max_age` seconds old. `detail` is a type of authorization details, at least one of which must be granted.
    Raises ValueError for what no token could ever meet.
    """

    any_of: tuple[str, ...] = ()
    acr_values: tuple[str, ...] = ()
    max_age: int | None = None
    detail: str = ""

    def __post_init__(self) -> None:
        unknown = [value for value in self.acr_values if value not in ACR_LADDER]
        if unknown:
            raise ValueError(f"{unknown[0]} is no acr on the ladder")
        if self.max_age is not None and self.max_age < 0:
            raise ValueError("a sign-in cannot be younger than nothing")


NOTHING_MORE = Demand()


def check_detail(token: AccessToken, type_name: str) -> None:
    """Return where a detail of that type is granted, or none is asked for; raises InsufficientScope otherwise.

    Spec: RFC9396-9, RFC6750-3.1
    """
    if type_name and not token.details_of(type_name):
        raise InsufficientScope("The access token does not reach this.", clause="RFC9396-9")


def check_authentication(token: AccessToken, presented: PresentedToken, demand: Demand, now: int) -> None:
    """Return where the person signed in as well and as lately as is asked; what the token does not tell is not met.

    Raises InsufficientUserAuthentication, which names the whole of what is asked: an app that obeys it passes, however
    much of it was lacking.

    Spec: RFC9470-3, RFC9470-5
    """
    strong = not demand.acr_values or any(satisfies(token.acr, wanted) for wanted in demand.acr_values)
    fresh = demand.max_age is None or _is_fresh(token.auth_time, demand.max_age, now)
    if strong and fresh:
        return
    text = "A more recent sign-in is required." if strong else "A stronger sign-in is required."
    raise InsufficientUserAuthentication(text, presented.scheme, demand.acr_values, demand.max_age)


def _is_fresh(auth_time: int | None, max_age: int, now: int) -> bool:
    return auth_time is not None and is_fresh(auth_time, max_age + 1, now, ahead_seconds=FUTURE_TOLERANCE_SECONDS)
