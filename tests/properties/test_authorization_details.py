"""Authorization details: whatever comes in is read into one canonical form, or refused by name."""

import json
import unicodedata
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from authserver.banking.challenge import canonical_payment
from authserver.protocol.details.model import Details
from authserver.protocol.details.parse import parse_authorization_details
from authserver.protocol.details.registry import TYPES, describe_detail, find_payment
from authserver.protocol.errors import InvalidAuthorizationDetails
from tests.support.details import (
    ACCOUNTS,
    EVERY_TYPE,
    FUNDS,
    PAYMENT,
    RECURRING,
    STRANGERS,
    Document,
    account_reads,
    fund_checks,
    payments,
    text_of,
)

_leaves = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
_json = st.recursive(
    _leaves | st.sampled_from(EVERY_TYPE),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)
honest = payments | account_reads | fund_checks


def _read(text: str) -> Details | None:
    try:
        return parse_authorization_details(text)
    except InvalidAuthorizationDetails:
        return None


def _with(detail: Document, path: str, value: object) -> str:
    """Return the text of a detail with one member, found by a dotted path, replaced."""
    changed = json.loads(json.dumps(detail))
    place = changed
    *way, last = path.split(".")
    for step in way:
        place = place[step]
    place[last] = value
    return text_of(changed)


@given(st.text(max_size=60) | _json.map(json.dumps))
def test_any_text_is_read_or_refused_by_its_own_error(text: str) -> None:
    for detail in _read(text) or ():
        canonical_payment(detail)


@pytest.mark.spec("RFC9396-5")
@given(
    st.sampled_from(EVERY_TYPE),
    st.sampled_from(["", "instructedAmount", "creditorAccount", "account", "periodicLimit"]),
    st.text(max_size=12),
    _json,
)
def test_a_member_no_type_knows_is_refused(detail: Document, place: str, name: str, value: object) -> None:
    changed = json.loads(json.dumps(detail))
    target = changed.get(place, changed) if place else changed
    known = {name for kind in TYPES.values() for name in kind.shape.model_fields}
    if name not in known and name not in {"iban", "currency", "amount", "period"}:
        target[name] = value
        assert _read(text_of(changed)) is None


@pytest.mark.spec("RFC9396-2", "RFC9396-5")
@given(honest)
def test_an_honest_detail_is_read_and_reading_it_again_changes_nothing(detail: Document) -> None:
    (read,) = parse_authorization_details(text_of(detail))
    assert parse_authorization_details(text_of(dict(read))) == (read,)
    assert set(read) == set(detail)


@given(honest, st.randoms(use_true_random=False))
def test_the_canonical_form_depends_on_nothing_but_the_meaning(detail: Document, random: Any) -> None:  # noqa: ANN401 - Hypothesis' own random
    members = list(detail.items())
    random.shuffle(members)
    spelled = json.dumps([dict(members)], indent=random.choice([None, 2]), ensure_ascii=random.choice([True, False]))
    (one,), (other,) = parse_authorization_details(text_of(detail)), parse_authorization_details(spelled)
    assert canonical_payment(one) == canonical_payment(other)
    assert rfc8785.dumps(json.loads(canonical_payment(one))) == canonical_payment(one)


@given(honest, honest)
def test_two_details_are_one_in_canonical_form_only_if_they_are_one(first: Document, second: Document) -> None:
    (one,), (other,) = parse_authorization_details(text_of(first)), parse_authorization_details(text_of(second))
    assert (canonical_payment(one) == canonical_payment(other)) == (one == other)


@given(honest)
def test_every_detail_can_be_told_to_a_person(detail: Document) -> None:
    (read,) = parse_authorization_details(text_of(detail))
    words = describe_detail(read)
    assert words.title
    assert (words.amount is not None) == (read["type"] == "payment_initiation")
    assert all(fact.label for fact in words.facts)


@pytest.mark.parametrize(
    "amount",
    [
        "1e9", "NaN", "Infinity", "-0.01", "1.005", "0.00", "0", "00.10", "01.00", "+1.00", "1", "1.0", "1.", ".50",
        "1,00", "1 000.00", " 1.00", "1.00 ", "1.00\n",
        "\uff11.\uff10\uff10", "\u0663.\u0660\u0660", "0x1", "1_000.00", "9" * 14 + ".00", "",
        1, 1.0, 125.4, True, None, [], {},
    ],
)  # fmt: skip
@pytest.mark.spec("RFC9396-5")
def test_an_amount_in_euros_is_written_in_one_way_only(amount: object) -> None:
    assert _read(_with(PAYMENT, "instructedAmount.amount", amount)) is None


@pytest.mark.parametrize(
    ("currency", "good", "bad"),
    [("JPY", "125", "125.00"), ("BHD", "1.250", "1.25"), ("EUR", "0.01", "0.001"), ("USD", "9999999999999.99", "1")],
)
def test_an_amount_has_the_decimals_of_its_currency(currency: str, good: str, bad: str) -> None:
    assert _read(_with(PAYMENT, "instructedAmount", {"currency": currency, "amount": good})) is not None
    assert _read(_with(PAYMENT, "instructedAmount", {"currency": currency, "amount": bad})) is None


@pytest.mark.parametrize(
    "currency", ["XXX", "DEM", "eur", "EURO", "", "XAU", "BTC", "EU R", "\uff25\uff35\uff32", None, 978]
)
def test_a_currency_is_one_that_is_money_somewhere_today(currency: object) -> None:
    assert _read(_with(PAYMENT, "instructedAmount.currency", currency)) is None


@pytest.mark.parametrize(
    "name",
    [
        "", " ", " Huber", "Huber ", "a" * 141, "Huber\u202egnidart", "Hu\u200bber", "Huber\x00", "Huber\n", "Hu\tber",
        "Huber\ufeff", "\u2067Huber", "Huber\u2028", "Hu\u00a0ber", "Huber\ue000",
        "a" + "\u0301" * 5, 7, None, ["Huber"],
    ],
)  # fmt: skip
@pytest.mark.spec("RFC9396-12")
def test_a_payee_whose_name_cannot_be_seen_as_it_is_is_refused(name: object) -> None:
    assert _read(_with(PAYMENT, "creditorName", name)) is None
    assert _read(_with(PAYMENT, "remittanceInformationUnstructured", name)) is None


def test_half_a_character_is_refused_and_breaks_nothing() -> None:
    half = text_of(PAYMENT).replace("Huber", "\\ud800")
    assert _read(half) is None
    assert _read('[{"\\ud800":"x","type":"funds_confirmation"}]') is None
    assert _read('[{"type":"\\udfff"}]') is None


def test_a_name_has_one_form_however_its_letters_were_composed() -> None:
    composed, decomposed = (unicodedata.normalize(form, "Bäckerei Élan") for form in ("NFC", "NFD"))
    one, other = (_read(_with(PAYMENT, "creditorName", name)) for name in (composed, decomposed))
    assert one is not None
    assert other is not None
    assert canonical_payment(one[0]) == canonical_payment(other[0])


@pytest.mark.parametrize(
    "iban",
    [
        "DE89370400440532013001", "DE8937040044053201300", "DE893704004405320130000", "US64SVBKUS6S3300958879",
        "XX89370400440532013000", "DE0037040044053201300", "DE89 3704\n0044", "", "DE", 5, None,
        "\uff24\uff2589370400440532013000", "DE89-3704-0044-0532-0130-00", "GB82WEST1234569876543\u0662",
    ],
)  # fmt: skip
def test_an_account_number_has_its_countrys_length_and_its_check_digits(iban: object) -> None:
    assert _read(_with(PAYMENT, "creditorAccount.iban", iban)) is None
    assert _read(_with(FUNDS, "account.iban", iban)) is None


@pytest.mark.parametrize("space", [" ", "\N{NO-BREAK SPACE}", "\N{NARROW NO-BREAK SPACE}", ""])
def test_an_account_number_has_one_form_however_it_was_typed(space: str) -> None:
    typed = "gb82 west 1234 5698 7654 32".replace(" ", space)
    read = _read(_with(PAYMENT, "creditorAccount.iban", typed))
    assert read is not None
    assert read[0]["creditorAccount"] == {"iban": STRANGERS}


@pytest.mark.parametrize(
    "text",
    [
        "", "[", "{}", "null", "1", '"x"', "[]", "[null]", "[1]", "[[]]", "[{}]", '[{"type":null}]', '[{"type":["x"]}]',
        '[{"type":"unknown"}]', '[{"type":{}}]', "[" * 5000, '[{"a":' * 3000, "9" * 5000, "NaN", "[NaN]", "[Infinity]",
        '[{"type":"payment_initiation"}]', "\ufeff[]", '[{"type":"account_information","actions":[]}]',
        '[{"type":"account_information","actions":["read_everything"]}]',
        '[{"type":"account_information","actions":["list_accounts","list_accounts"]}]',
        '[{"type":"account_information","actions":"list_accounts"}]',
        '[{"type":"account_information","actions":["list_accounts"],"accounts":[]}]',
        '[{"type":"account_information","actions":["list_accounts"],"accounts":null}]',
        '[{"type":"account_information","actions":["list_accounts"],"locations":["no uri"]}]',
        '[{"type":"account_information","actions":["list_accounts"],"locations":["https://a.example/#x"]}]',
    ],
)  # fmt: skip
@pytest.mark.spec("RFC9396-5")
def test_what_is_no_list_of_known_details_is_refused(text: str) -> None:
    assert _read(text) is None


@pytest.mark.spec("RFC9396-5")
def test_a_member_named_twice_is_refused_wherever_it_is() -> None:
    text = text_of(PAYMENT)
    assert _read(text.replace('"creditorName"', '"creditorName": "Someone else", "creditorName"')) is None
    assert _read(text.replace('"amount"', '"amount": "1.00", "amount"')) is None
    assert _read(text.replace('"type"', '"type": "account_information", "type"')) is None
    assert _read(text.replace('"type"', '"typ\\u0065": "account_information", "type"')) is None


def test_more_details_than_a_person_would_read_are_refused() -> None:
    assert _read(text_of(*[ACCOUNTS] * 8)) is not None
    assert _read(text_of(*[ACCOUNTS] * 9)) is None
    assert _read(text_of(ACCOUNTS) + " " * 20_000) is None


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("maximumIndividualAmount.currency", "USD"),
        ("periodicLimit.period", "century"),
        ("periodicLimit.period", None),
        ("validUntil", "2099-02-30"),
        ("validUntil", "20991231"),
        ("validUntil", "2099-12-31T00:00:00Z"),
        ("validUntil", 4102444800),
        ("creditorAgent", "NOT A BIC"),
        ("instructedAmount", {"currency": "EUR", "amount": "1.00"}),
    ],
)
def test_limits_of_recurring_payments_are_whole(path: str, value: object) -> None:
    assert _read(_with(RECURRING, path, value)) is None


def test_what_moves_money_is_found_among_other_details() -> None:
    payment, read = parse_authorization_details(text_of(PAYMENT, ACCOUNTS))
    (limits,) = parse_authorization_details(text_of(RECURRING))
    assert find_payment((read, payment)) == payment
    assert find_payment((read, limits)) == limits
    assert find_payment((read,)) is None


@pytest.mark.spec("RFC9396-2.1")
def test_every_type_has_a_closed_schema_that_names_its_members() -> None:
    for known in TYPES.values():
        schema = known.schema()
        assert schema["additionalProperties"] is False
        assert "type" in str(schema["required"])
