"""Account numbers: IBANs, checked by the length of their country and their check digits, and BICs."""

import re
from collections.abc import Mapping
from typing import Final

from authserver.protocol.details.names import parse_name
from authserver.values import Value


class BankAccount(Value, frozen=True):
    """An account of a person as they know it: its number, and the name they see at their bank."""

    iban: str
    name: str

    @property
    def shown_iban(self) -> str:
        """Return the number as people read it."""
        return shown_iban(self.iban)


_COUNTRIES: Final = {
    15: "NO",
    16: "BE",
    18: "DK FI FK FO GL NL SD",
    19: "MK SI",
    20: "AT BA EE KZ LT LU MN XK",
    21: "CH HR LI LV",
    22: "BG BH CR DE GB GE IE ME RS VA",
    23: "AE GI IL IQ OM SO TL",
    24: "AD CZ ES MD PK RO SA SE SK TN VG",
    25: "LY PT ST",
    26: "IS TR",
    27: "BI DJ FR GR IT MC MR SM",
    28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
    29: "BR EG PS QA UA",
    30: "JO KW MU YE",
    31: "MT SC",
    32: "LC",
    33: "RU",
}
"""How long an IBAN of each country is, as the SWIFT registry has it."""

_LENGTHS: Final = {country: length for length, countries in _COUNTRIES.items() for country in countries.split()}
# People copy account numbers out of letters in PDF, whose groups stand apart by spaces at which no line breaks.
_SPACES: Final = " \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}"
_TYPED = re.compile(rf"[A-Za-z0-9{_SPACES}]{{4,50}}")
_WITHOUT_SPACES: Final = str.maketrans(dict.fromkeys(_SPACES))
_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]+")
_BIC = re.compile(r"[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?")
_GROUP = 4
_MODULUS = 97


def parse_iban(text: str) -> str:
    """Return an account number without spaces, plain or such as no line breaks at, and in capitals.

    Raises ValueError where it is none: of no country that has them, too long or short, or with wrong check digits.
    """
    iban = text.translate(_WITHOUT_SPACES).upper() if _TYPED.fullmatch(text) else ""
    if not _SHAPE.fullmatch(iban) or _LENGTHS.get(iban[:2]) != len(iban):
        raise ValueError("no account number of a country that has them, or one of another length")
    digits = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    # Remainders repeat after 97: 00, 01 and 99 would be second ways to write 97, 98 and 02.
    if int(digits) % _MODULUS != 1 or iban[2:4] in {"00", "01", "99"}:
        raise ValueError("wrong check digits")
    return iban


def shown_iban(iban: str) -> str:
    """Return an account number in groups of four, as people read it."""
    return " ".join(iban[start : start + _GROUP] for start in range(0, len(iban), _GROUP))


def check_bic(text: str) -> str:
    """Return a bank's code; raises ValueError where it is none."""
    if not _BIC.fullmatch(text):
        raise ValueError("no bank code")
    return text


def parse_bank_accounts(entries: object) -> tuple[BankAccount, ...]:
    """Return the accounts of a JSON list of objects with `iban` and `name`; raises ValueError where it is none."""
    if not isinstance(entries, list):
        raise ValueError("no list")
    found = tuple(_parse(entry) for entry in entries)
    if len({account.iban for account in found}) != len(found):
        raise ValueError("an account is named twice")
    return found


def _parse(entry: object) -> BankAccount:
    if not isinstance(entry, Mapping) or set(entry) != {"iban", "name"}:
        raise ValueError("no account with an iban and a name")
    iban, name = entry["iban"], entry["name"]
    if not isinstance(iban, str) or not isinstance(name, str):
        raise ValueError("no account with an iban and a name")
    return BankAccount(parse_iban(iban), parse_name(name))
