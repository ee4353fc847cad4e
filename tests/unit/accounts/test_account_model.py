import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.accounts.model import (
    MAX_CLAIMS_LENGTH,
    SERVER_OWNED_CLAIMS,
    Account,
    Credentials,
    parse_claims,
    parse_username,
)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("alice", "alice"),
        ("  Alice ", "alice"),
        ("\uff21\uff2c\uff29\uff23\uff25", "alice"),
        ("STRASSE", "strasse"),
        ("straße", "strasse"),
        ("e\u0301lodie", "élodie"),
        ("alice@example.com", "alice@example.com"),
        ("John\u00a0Smith", "john smith"),
        ("山田", "山田"),
    ],
)
def test_a_username_has_one_stored_form(typed: str, stored: str) -> None:
    assert parse_username(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "   ",
        "ali\x00ce",
        "ali\nce",
        "ali\u200dce",
        "ali\u202ece",
        "ali\ud800ce",
        "ali\ue000ce",
        "ali\u2028ce",
        "a" * 256,
        "a" * 100_000,
        "\ufdfa" * 100,
    ],
)
def test_what_cannot_be_a_username_has_no_stored_form(typed: str) -> None:
    assert parse_username(typed) is None


def test_the_longest_username_is_255_characters() -> None:
    assert parse_username("A" * 255) == "a" * 255


@given(st.text(max_size=80))
def test_parsing_a_stored_username_again_changes_nothing(text: str) -> None:
    stored = parse_username(text)
    if stored is not None:
        assert parse_username(stored) == stored


@given(st.text(max_size=80))
def test_case_and_surrounding_space_never_make_another_person(text: str) -> None:
    stored = parse_username(text)
    if stored is not None:
        assert parse_username(f" {text.casefold()}\t") == stored


@pytest.mark.spec("OIDCC-5.1", "OIDCC-5.1.1", "OIDCC-5.2")
def test_standard_claims_of_the_right_types_are_taken_as_they_are() -> None:
    claims = {
        "name": "Élodie\u3000Durand",
        "name#ja": "エロディ",
        "email": "elodie@example.com",
        "email_verified": True,
        "phone_number": "+33 1 23 45 67 89",
        "phone_number_verified": False,
        "address": {"formatted": "1 Rue X\r\n75001 Paris", "country": "FR"},
        "updated_at": 1_700_000_000,
        "birthdate": "0000-02-29",
        "branch": "Paris 3",
    }
    assert parse_claims(claims) == claims


@pytest.mark.spec("OIDCC-5.1", "OIDCC-5.1.1")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("email", "nobody"),
        ("email", "@example.com"),
        ("email", "a@"),
        ("email", "a b@example.com"),
        ("email", 3),
        ("email_verified", "true"),
        ("email_verified", 1),
        ("phone_number_verified", None),
        ("address", "1 Rue X"),
        ("address", {"street": "1 Rue X"}),
        ("address", {"country": 33}),
        ("updated_at", "2024-01-01"),
        ("updated_at", True),
        ("updated_at", math.nan),
        ("updated_at", math.inf),
        ("name", 7),
        ("name#ja", 7),
        ("name", "a\x00b"),
        ("name", "a\ud800b"),
        ("branch", ["Paris"]),
        ("admin", True),
    ],
)
def test_a_claim_of_the_wrong_type_is_refused_by_name(name: object, value: object) -> None:
    with pytest.raises(ValueError, match=str(name)):
        parse_claims({name: value})


@pytest.mark.parametrize("name", ["", 7, None])
def test_a_claim_has_a_name(name: object) -> None:
    with pytest.raises(ValueError, match="name"):
        parse_claims({name: "x"})


@pytest.mark.parametrize("name", sorted(SERVER_OWNED_CLAIMS))
@pytest.mark.parametrize("tag", ["", "#en"])
def test_stored_data_never_speaks_for_the_server(name: str, tag: str) -> None:
    with pytest.raises(ValueError, match="only the server"):
        parse_claims({name + tag: "x"})


@pytest.mark.parametrize("name", ["sub", "iss", "aud", "exp", "iat", "acr", "amr", "auth_time", "nonce", "cnf", "sid"])
def test_the_claims_that_tokens_rest_on_are_among_the_servers_own(name: str) -> None:
    assert name in SERVER_OWNED_CLAIMS


@pytest.mark.parametrize("document", [None, [], "x", 3, [["name", "x"]]])
def test_claims_are_a_json_object(document: object) -> None:
    with pytest.raises(ValueError, match="JSON object"):
        parse_claims(document)


def test_claims_have_a_bounded_size() -> None:
    with pytest.raises(ValueError, match="longer than"):
        parse_claims({"name": "x" * MAX_CLAIMS_LENGTH})


def test_neither_claims_nor_hashes_show_in_a_repr() -> None:
    account = Account("id", "alice", {"email": "alice@example.com"}, 0, locked=False)
    shown = repr(Credentials(account, "$argon2id$secret"))
    assert "example.com" not in shown
    assert "argon2id" not in shown
