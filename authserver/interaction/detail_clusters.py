"""Details that an app was allowed, in plain words: what a person reads on the list of connected apps."""

from collections.abc import Iterable, Iterator

from authserver.interaction.scope_words import DataCluster
from authserver.protocol.details.bank_accounts import shown_iban
from authserver.protocol.details.model import Detail
from authserver.protocol.details.registry import describe_detail, type_of


def describe_allowed(details: Iterable[Detail]) -> tuple[DataCluster, ...]:
    """Return what allowed details let an app do from now on: one payment that was made is none of it."""
    lasting = [detail for detail in details if not type_of(detail).is_single_use]
    return tuple(dict.fromkeys(cluster for detail in lasting for cluster in _clusters(detail)))


def _clusters(detail: Detail) -> Iterator[DataCluster]:
    words = describe_detail(detail)
    which = words.payee or ", ".join(shown_iban(number) for number in _account_numbers(detail))
    for title in words.points or (words.title,):
        yield DataCluster(title, which)


def _account_numbers(detail: Detail) -> list[str]:
    accounts = detail.get("accounts", [detail["account"]] if "account" in detail else [])
    return [str(account["iban"]) for account in accounts] if isinstance(accounts, list) else []
