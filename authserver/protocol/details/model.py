"""Authorization details as values, and what makes a type of them."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from pydantic import BaseModel

from authserver.messages import Message
from authserver.values import Assembly, Value

Detail: TypeAlias = Mapping[str, object]
"""One authorization detail in canonical form: JSON values alone, as its type's shape has read them."""

Details: TypeAlias = tuple[Detail, ...]


class Money(Value, frozen=True):
    """An amount as a decimal string with exactly the decimals of its currency; never a binary fraction."""

    amount: str
    currency: str


class Fact(Value, frozen=True):
    """One line that a person reads: a label of ours, and data: a text, an amount, or a day.

    A day is the first second of it, in UTC. A text is data from outside: shown escaped, and never translated.
    """

    label: Message
    value: str | int | Money


class DetailWords(Value, frozen=True):
    """What a person reads of one detail: a title and points of ours, facts, and where money moves how much and to whom.

    `payee` is as it is to be shown, with letters that could deceive made visible.
    """

    title: Message
    points: tuple[Message, ...] = ()
    facts: tuple[Fact, ...] = ()
    amount: Money | None = None
    payee: str = ""


class DetailType(Assembly, frozen=True):
    """One type of authorization details.

    `acr` is what it needs where the deployment does not say otherwise. `is_payment`: money moves, so that the person is
    asked each time and a request holds one such detail at most. `is_single_use`: its token serves one act and ends with
    it. `accounts_chosen`: the person chooses on the consent page which accounts it reaches.

    Spec: RFC9396-2, RFC9396-2.1
    """

    name: str
    shape: type[BaseModel]
    acr: str
    describe: Callable[[Detail], DetailWords]
    is_payment: bool = False
    is_single_use: bool = False
    accounts_chosen: bool = False

    def schema(self) -> Mapping[str, object]:
        """Return the JSON Schema of the type."""
        return self.shape.model_json_schema()
