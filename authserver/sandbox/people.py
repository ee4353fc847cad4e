"""The people of the demo; they exist in no other deployment."""

from collections.abc import Mapping

from authserver.values import Hidden, Value


class PersonAccount(Value, frozen=True):
    """One account that a person has at the demo's bank; the balance is in cents."""

    account_id: str
    iban: str
    name: str
    balance_cents: int


class Person(Value, frozen=True):
    """A person with all that they know and carry; without a seed there is no second factor.

    `claims` may be told to apps; the accounts only to the bank and, for the person to choose from, to the server.
    """

    username: str
    password: Hidden[str]
    totp_seed: Hidden[str | None]
    claims: Hidden[Mapping[str, object]]
    accounts: Hidden[tuple[PersonAccount, ...]] = ()


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
    accounts=(
        PersonAccount("everyday", "AT611904300234573201", "Everyday account", 184_250),
        PersonAccount("savings", "DE89370400440532013000", "Savings account", 1_250_000),
    ),
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
    accounts=(PersonAccount("current", "GB29NWBK60161331926819", "Current account", 92_010),),
)
CAROL = Person(
    username="carol",
    password="a-password-that-carol-alone-knows",  # noqa: S106 - the demo's, printed for everyone to see
    totp_seed=None,
    claims={
        "name": "Carol Example",
        "given_name": "Carol",
        "preferred_username": "carol",
        "email": "carol@people.example",
        "email_verified": True,
    },
    accounts=(PersonAccount("main", "NL91ABNA0417164300", "Main account", 312_000),),
)
PEOPLE = (ALICE, BOB, CAROL)
