"""The people of the demo; they exist in no other deployment."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """A person with all that they know and carry; without a seed there is no second factor."""

    username: str
    password: str
    totp_seed: str | None
    claims: Mapping[str, object] = field(repr=False)


ALICE = Person(
    username="alice",
    password="correct-horse-battery-staple",  # noqa: S106 - the demo's, printed for everyone to see
    totp_seed="JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP",
    claims={
        "name": "Alice Marie Example",
        "given_name": "Alice",
        "family_name": "Example",
        "middle_name": "Marie",
        "nickname": "Ally",
        "preferred_username": "alice",
        "profile": "https://people.example/alice",
        "picture": "https://people.example/alice.png",
        "website": "https://alice.example",
        "gender": "female",
        "birthdate": "1984-05-17",
        "zoneinfo": "Europe/Vienna",
        "locale": "en-GB",
        "updated_at": 1_760_000_000,
        "email": "alice@people.example",
        "email_verified": True,
        "phone_number": "+43 1 5550199",
        "phone_number_verified": True,
        "address": {
            "formatted": "Beispielgasse 1\n1010 Wien\nAustria",
            "street_address": "Beispielgasse 1",
            "locality": "Wien",
            "region": "Wien",
            "postal_code": "1010",
            "country": "AT",
        },
    },
)
BOB = Person(
    username="bob",
    password="password-of-bob-only",  # noqa: S106 - the demo's, printed for everyone to see
    totp_seed=None,
    claims={
        "name": "Bob Example",
        "given_name": "Bob",
        "family_name": "Example",
        "preferred_username": "bob",
        "email": "bob@people.example",
        "email_verified": True,
    },
)
PEOPLE = (ALICE, BOB)
