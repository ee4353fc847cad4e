"""The types of authorization details that this server knows, as data."""

from collections.abc import Iterable, Mapping
from typing import Final

from authserver.protocol.details import shapes, words
from authserver.protocol.details.model import Detail, Details, DetailType, DetailWords
from authserver.protocol.errors import InvalidAuthorizationDetails
from authserver.protocol.names import ACR_TWO_FACTORS

TYPES: Final[Mapping[str, DetailType]] = {
    known.name: known
    for known in (
        DetailType(
            "payment_initiation",
            shapes.PaymentInitiation,
            ACR_TWO_FACTORS,
            words.describe_payment,
            is_payment=True,
            is_single_use=True,
        ),
        DetailType(
            "account_information",
            shapes.AccountInformation,
            ACR_TWO_FACTORS,
            words.describe_account_information,
            accounts_chosen=True,
        ),
        DetailType("funds_confirmation", shapes.FundsConfirmation, ACR_TWO_FACTORS, words.describe_funds_confirmation),
        DetailType(
            "variable_recurring_payment",
            shapes.VariableRecurringPayment,
            ACR_TWO_FACTORS,
            words.describe_recurring_payment,
            is_payment=True,
        ),
    )
}
"""Every type, by its name on the wire.

Spec: RFC9396-2.1, RFC9396-10
"""


def type_of(detail: Detail) -> DetailType:
    """Return the type of a detail that was read before."""
    return TYPES[str(detail["type"])]


def type_names(details: Iterable[Detail]) -> frozenset[str]:
    """Return the names of the types of some details."""
    return frozenset(str(detail["type"]) for detail in details)


def describe_detail(detail: Detail) -> DetailWords:
    """Return what a person reads of a detail."""
    return type_of(detail).describe(detail)


def find_payment(details: Details) -> Detail | None:
    """Return the one detail that moves money, now or within limits later, or None."""
    return next((detail for detail in details if type_of(detail).is_payment), None)


def check_not_over(details: Details, now: int) -> None:
    """Check that the last day of no detail is over.

    Raises InvalidAuthorizationDetails.

    Spec: RFC9396-5
    """
    ends_at = last_moment(details)
    if ends_at is not None and ends_at <= now:
        raise InvalidAuthorizationDetails(
            "The validUntil of an authorization detail must not be in the past.", clause="RFC9396-5"
        )


def is_single_use(details: Details) -> bool:
    """Return whether what comes of these details serves one act: it is short and never renewed.

    Spec: RTS-SCA-5.1
    """
    return any(type_of(detail).is_single_use for detail in details)


def last_moment(details: Details) -> int | None:
    """Return when the last day of the details is over, where they name one, in seconds."""
    ends = [words.first_second(str(detail["validUntil"])) + 86_400 for detail in details if "validUntil" in detail]
    return min(ends, default=None)


def actions_of(detail: Detail) -> tuple[str, ...]:
    """Return what an app may do with a payment; an app that names nothing asks to make it, and for nothing else.

    Spec: RFC9396-2.2
    """
    named = detail.get("actions")
    return tuple(named) if isinstance(named, list | tuple) else (words.MAKE,)


def is_to_pay(detail: Detail) -> bool:
    """Return whether a payment is to be made, and not only looked at or cancelled."""
    return words.MAKE in actions_of(detail)


def locations_of(detail: Detail) -> tuple[str, ...]:
    """Return the places that a detail names; none where it may be used wherever its type is served."""
    named = detail.get("locations")
    return tuple(named) if isinstance(named, list) else ()
