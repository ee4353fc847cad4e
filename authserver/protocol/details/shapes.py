"""The shapes of the authorization details: strict, closed, and canonical once they have been read."""

from datetime import date
from typing import Annotated, Final, Literal, Self, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, model_validator

from authserver.protocol.details.bank_accounts import check_bic, parse_iban
from authserver.protocol.details.money import check_money
from authserver.protocol.details.names import MAX_NAME_LENGTH, parse_name
from authserver.protocol.errors import InvalidTarget
from authserver.protocol.resource import parse_resources

_T = TypeVar("_T")
_MAX_ACCOUNTS = 32
PAST: Final = "past"
"""In a validation's context: the detail was taken before, when other currencies were legal tender."""


def _check_once_each(values: list[_T]) -> list[_T]:
    """Return a list that names nothing twice."""
    if any(value in values[:place] for place, value in enumerate(values)):
        raise ValueError("named twice")
    return values


def _check_locations(values: list[str]) -> list[str]:
    """Return locations that are absolute URIs, like the resources they stand for."""
    try:
        parse_resources(values)
    except InvalidTarget as error:
        raise ValueError("no absolute URI") from error
    return _check_once_each(values)


def _check_day(text: str) -> str:
    """Return a day of the calendar in its one written form."""
    try:
        is_day = date.fromisoformat(text).isoformat() == text
    except ValueError:  # its words repeat what was received
        is_day = False
    if not is_day:
        raise ValueError("no day of the calendar")
    return text


_Iban = Annotated[str, Field(max_length=50), AfterValidator(parse_iban)]
_Bic = Annotated[str, AfterValidator(check_bic)]
_Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH), AfterValidator(parse_name)]
_Day = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"), AfterValidator(_check_day)]
_Locations = Annotated[list[str], Field(min_length=1, max_length=8), AfterValidator(_check_locations)]
_PaymentActions = Annotated[
    list[Literal["initiate", "status", "cancel"]], Field(min_length=1, max_length=3), AfterValidator(_check_once_each)
]
_AccountActions = Annotated[
    list[Literal["list_accounts", "read_balances", "read_transactions"]],
    Field(min_length=1, max_length=3),
    AfterValidator(_check_once_each),
]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Amount(_Shape):
    """An amount of money."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    amount: Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?$", max_length=20)]

    @model_validator(mode="after")
    def _is_money(self, info: ValidationInfo) -> Self:
        check_money(self.amount, self.currency, past=bool(info.context and info.context.get(PAST)))
        return self


class AccountReference(_Shape):
    """An account, by its IBAN."""

    iban: _Iban


_Accounts = Annotated[
    list[AccountReference], Field(min_length=1, max_length=_MAX_ACCOUNTS), AfterValidator(_check_once_each)
]


class PeriodicLimit(_Shape):
    """How much may go out in one period."""

    period: Literal["day", "week", "month", "year"]
    amount: Amount


class _Payment(_Shape):
    creditorName: _Name  # noqa: N815 - a name on the wire
    creditorAccount: AccountReference  # noqa: N815 - a name on the wire
    creditorAgent: _Bic | None = None  # noqa: N815 - a name on the wire
    remittanceInformationUnstructured: _Name | None = None  # noqa: N815 - a name on the wire
    debtorAccount: AccountReference | None = None  # noqa: N815 - a name on the wire
    actions: _PaymentActions | None = None
    locations: _Locations | None = None


class PaymentInitiation(_Payment):
    """One payment."""

    type: Literal["payment_initiation"]
    instructedAmount: Amount  # noqa: N815 - a name on the wire


class VariableRecurringPayment(_Payment):
    """Payments of varying amounts to one payee, within limits and until a day."""

    type: Literal["variable_recurring_payment"]
    maximumIndividualAmount: Amount  # noqa: N815 - a name on the wire
    periodicLimit: PeriodicLimit  # noqa: N815 - a name on the wire
    validUntil: _Day  # noqa: N815 - a name on the wire

    @model_validator(mode="after")
    def _is_of_one_currency(self) -> Self:
        if self.maximumIndividualAmount.currency != self.periodicLimit.amount.currency:
            raise ValueError("limits in two currencies")
        return self


class AccountInformation(_Shape):
    """Looking at accounts; which ones, the person chooses."""

    type: Literal["account_information"]
    actions: _AccountActions
    accounts: _Accounts | None = None
    locations: _Locations | None = None


class FundsConfirmation(_Shape):
    """Asking whether an account covers an amount."""

    type: Literal["funds_confirmation"]
    account: AccountReference
    locations: _Locations | None = None


MEMBER_NAMES: Final = frozenset(
    name
    for shape in (
        Amount, AccountReference, PeriodicLimit, PaymentInitiation, VariableRecurringPayment, AccountInformation,
        FundsConfirmation,
    )
    for name in shape.model_fields
)  # fmt: skip
"""Every name of a member: what may be said of a request without repeating what came from outside."""
