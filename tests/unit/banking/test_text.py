"""What a person reads of a payment, letter by letter."""

import pytest

from authserver.banking.text import LANGUAGES, payment_facts, payment_text
from authserver.protocol.safe_text import neutralise
from tests.support.payment_proofs import MANDATE, PAYMENT

_NARROW = "\N{NARROW NO-BREAK SPACE}"
_APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
_NO_BREAK = "\N{NO-BREAK SPACE}"


@pytest.mark.spec("RTS-SCA-5.1")
def test_the_text_has_a_line_for_each_fact() -> None:
    assert payment_text(PAYMENT, "en") == (
        "Amount: €125.40\n"
        "To: Bäckerei Huber\n"
        "To account: DE89 3704 0044 0532 0130 00\n"
        "Reference: Invoice 42\n"
        "From account: AT61 1904 3002 3457 3201\n"
        "The app may: make this payment"
    )


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize(
    ("language", "text"),
    [
        (
            "en",
            (
                "Each time at most: €50.00\nTo: Power and Light\nIn one month at most: €120.00\n"
                "Last day: 31 January 2030\nTo account: DE89 3704 0044 0532 0130 00\nReference: Contract 7\n"
                "From account: chosen by your bank\nThe app may: make payments within these limits"
            ),
        ),
        (
            "de",
            (
                f"Jedes Mal höchstens: 50,00{_NO_BREAK}€\nAn: Power and Light\n"
                f"In einem Monat höchstens: 120,00{_NO_BREAK}€\nLetzter Tag: 31. Januar 2030\n"
                "Auf Konto: DE89 3704 0044 0532 0130 00\nVerwendungszweck: Contract 7\n"
                "Von Konto: von Ihrer Bank gewählt\nDie App darf: Zahlungen innerhalb dieser Grenzen ausführen"
            ),
        ),
        (
            "fr",
            (
                f"Chaque fois au maximum: 50,00{_NO_BREAK}€\nÀ: Power and Light\n"
                f"En un mois au maximum: 120,00{_NO_BREAK}€\nDernier jour: 31 janvier 2030\n"
                "Vers le compte: DE89 3704 0044 0532 0130 00\nRéférence: Contract 7\n"
                "Depuis le compte: choisi par votre banque\n"
                f"L{_APOSTROPHE}application peut: effectuer des paiements dans ces limites"
            ),
        ),
    ],
)
def test_the_text_of_payments_to_come_names_every_limit(language: str, text: str) -> None:
    assert payment_text(MANDATE, language) == text


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_period_and_every_month_has_words(language: str) -> None:
    limits = [{**MANDATE["periodicLimit"], "period": period} for period in ("day", "week", "month", "year")]
    days = [f"2030-{month:02d}-09" for month in range(1, 13)]
    assert len({payment_text({**MANDATE, "periodicLimit": limit}, language) for limit in limits}) == len(limits)
    assert len({payment_text({**MANDATE, "validUntil": day}, language) for day in days}) == len(days)


@pytest.mark.spec("RTS-SCA-5.1")
@pytest.mark.parametrize(
    ("language", "line"),
    [("en", "At the bank: COBADEFF"), ("de", "Bei der Bank: COBADEFF"), ("fr", "À la banque: COBADEFF")],
)
def test_the_bank_that_the_money_goes_to_is_shown(language: str, line: str) -> None:
    assert payment_text({**PAYMENT, "creditorAgent": "COBADEFF"}, language).splitlines()[3] == line


def test_what_a_payment_leaves_out_has_no_line() -> None:
    least = {name: PAYMENT[name] for name in ("type", "instructedAmount", "creditorName", "creditorAccount")}
    shown = [fact.name for fact in payment_facts(least, "en")]
    assert shown == ["amount", "payee", "payee_account", "payer_account", "act"], "who pays and what is done, always"


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-2.2")
@pytest.mark.parametrize(
    ("actions", "line"),
    [
        (["initiate"], "make this payment"),
        (["status"], "see the state of this payment"),
        (["cancel"], "cancel this payment"),
        (["cancel", "initiate"], "make this payment; cancel this payment"),
        (["status", "cancel", "initiate"], "make this payment; see the state of this payment; cancel this payment"),
    ],
)
def test_the_text_says_what_the_app_may_do(actions: list[str], line: str) -> None:
    assert payment_text({**PAYMENT, "actions": actions}, "en").splitlines()[-1] == f"The app may: {line}"


@pytest.mark.spec("RTS-SCA-5.1", "RFC9396-2.2")
def test_the_text_says_where_alone_it_is_good() -> None:
    places = ["https://pay.bank.example", "https://other.bank.example"]
    text = payment_text({**PAYMENT, "locations": places}, "en")
    assert text.endswith("\nOnly at: https://pay.bank.example; https://other.bank.example")


@pytest.mark.parametrize(
    ("language", "currency", "amount", "shown"),
    [
        ("en", "EUR", "1234567.89", "€1,234,567.89"),
        ("en", "GBP", "999.00", "£999.00"),
        ("en", "USD", "1000.00", f"USD{_NO_BREAK}1,000.00"),
        ("en", "JPY", "1000", f"JPY{_NO_BREAK}1,000"),
        ("en", "BHD", "1.005", f"BHD{_NO_BREAK}1.005"),
        ("de", "EUR", "1234.50", f"1.234,50{_NO_BREAK}€"),
        ("de", "USD", "0.01", f"0,01{_NO_BREAK}USD"),
        ("fr", "EUR", "1234.50", f"1{_NARROW}234,50{_NO_BREAK}€"),
    ],
)
def test_an_amount_is_written_as_its_readers_write_it(language: str, currency: str, amount: str, shown: str) -> None:
    payment = {**PAYMENT, "instructedAmount": {"currency": currency, "amount": amount}}
    assert payment_facts(payment, language)[0].value == shown


@pytest.mark.spec("RTS-SCA-5.2")
@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("ACME GmbH", "ACME GmbH"),
        ("Müller & Söhne, 1º andar", "Müller & Söhne, 1º andar"),
        ("株式会社ソニー TOKYO", "株式会社ソニー TOKYO"),
        ("コーヒー店T", "コーヒー店T"),
        ("Магазин Ромашка", "Магазин Ромашка"),
        ("Παπαδόπουλος AE", "Παπαδόπουλος AE"),
        ("שלום", "שלום"),
        ("P\N{CYRILLIC SMALL LETTER A}ypal", "P[U+0430]ypal"),
        ("\N{CYRILLIC CAPITAL LETTER A}\N{CYRILLIC CAPITAL LETTER ES}ME", "[U+0410][U+0421]ME"),
        ("\N{GREEK CAPITAL LETTER ALPHA}B", "[U+0391]B"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}cme", "[U+FF21]cme"),
        ("ACME\N{RIGHT-TO-LEFT OVERRIDE}HbmG", "ACME[U+202E]HbmG"),
        ("AC\N{ZERO WIDTH SPACE}ME", "AC[U+200B]ME"),
        ("ACME\nAmount: €1.00", "ACME[U+000A]Amount: €1.00"),
        ("ACME\N{LINE SEPARATOR}X", "ACME[U+2028]X"),
        ("e" + "\N{COMBINING ACUTE ACCENT}" * 3, "e" + "\N{COMBINING ACUTE ACCENT}" * 2 + "[U+0301]"),
        ("  ACME \N{IDEOGRAPHIC SPACE} GmbH\N{NO-BREAK SPACE}", "ACME GmbH"),
        ("\N{ZERO WIDTH JOINER}", "[U+200D]"),
        ("\N{HANGUL FILLER}", "[U+3164]"),
        ("AC\N{HANGUL FILLER}ME", "AC[U+3164]ME"),
        ("AC\N{COMBINING GRAPHEME JOINER}ME", "AC[U+034F]ME"),
        ("AC\N{VARIATION SELECTOR-16}ME", "AC[U+FE0F]ME"),
        ("\N{BRAILLE PATTERN BLANK}", "[U+2800]"),
        ("Paypa\N{SMALL ROMAN NUMERAL FIFTY}", "Paypa[U+217C]"),
        ("Paypa\N{HANGUL LETTER I}", "Paypa[U+3163]"),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER A}", "[U+FF21]"),
        ("\N{LISU LETTER BA}", "[U+A4D0]"),
        ("AC\N{COMBINING LONG STROKE OVERLAY}ME", "AC[U+0336]ME"),
        ("\u0410\u0421\u041c\u0415 GmbH", "[U+0410][U+0421][U+041C][U+0415] GmbH"),
        ("\u0391\u0392\u0395", "[U+0391][U+0392][U+0395]"),
        ("\u041e\u041e\u041e Ромашка", "\u041e\u041e\u041e Ромашка"),
        ("\N{HALFWIDTH KATAKANA LETTER SO}\N{HALFWIDTH KATAKANA LETTER NI}", "ｿﾆ"),
        ("", ""),
    ],
)
def test_nothing_hides_in_a_name(name: str, shown: str) -> None:
    assert neutralise(name) == shown


def test_a_payee_cannot_add_a_line_of_his_own() -> None:
    forged = {**PAYMENT, "creditorName": "ACME\nReference: Gift"}
    assert len(payment_text(forged, "en").splitlines()) == len(payment_text(PAYMENT, "en").splitlines())
