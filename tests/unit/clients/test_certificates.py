"""Which certificate shows the subject that a client registered."""

from datetime import UTC, datetime
from ipaddress import ip_address, ip_network

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from authserver.clients.certificates import check_subject, parse_dn, subject_matches
from authserver.clients.distinguished_names import read_name
from authserver.clients.model import CertificateSubject
from authserver.sandbox.authority import self_signed
from tests.support.authority import NOW, common_name, create_authority

AUTHORITY = create_authority("authority", NOW)


def attribute(oid: x509.ObjectIdentifier, value: str) -> x509.NameAttribute[str]:
    return x509.NameAttribute(oid, value)


def part(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.RelativeDistinguishedName:
    return x509.RelativeDistinguishedName([attribute(*each) for each in attributes])


def shown(*names: x509.GeneralName) -> bytes:
    return AUTHORITY.issue_client(common_name("client"), NOW, names=names).der


# From the most general to the most particular, as certificates hold it.
NAME = x509.Name(
    [
        part((NameOID.COUNTRY_NAME, "DE")),
        part((NameOID.ORGANIZATION_NAME, "Bank, Söhne + Co")),
        part((NameOID.COMMON_NAME, "client one"), (NameOID.USER_ID, "4711")),
    ]
)
DER = self_signed(NAME, NOW).der


@pytest.mark.spec("RFC8705-2.1.2", "RFC4514-3", "RFC4517-4.2.15")
@pytest.mark.parametrize(
    "text",
    [
        r"CN=client one+UID=4711,O=Bank\, Söhne \+ Co,C=DE",
        r"UID=4711+CN=client one,O=Bank\, Söhne \+ Co,C=DE",
        r"cn=CLIENT  One+uid=4711,o=BANK\,  SÖHNE \+ co,c=de",
        r"CN = client one + UID = 4711, O = Bank\2c S\C3\B6hne \2B Co, C = DE",
        r"2.5.4.3=client one+0.9.2342.19200300.100.1.1=4711,2.5.4.10=Bank\, Söhne \+ Co,2.5.4.6=DE",
        r"CN=#0C0A636C69656E74206F6E65+UID=#130434373131,O=Bank\, Söhne \+ Co,C=#13024445",
        r"commonName=\ client one\ +UserID=4711,O=Bank\, So" + "\u0308" + r"hne \+ Co,C=DE",
    ],
)
def test_a_distinguished_name_matches_in_each_of_its_spellings(text: str) -> None:
    assert subject_matches(DER, CertificateSubject(subject_dn=text))


@pytest.mark.spec("RFC8705-2.1.2")
@pytest.mark.parametrize(
    "text",
    [
        r"C=DE,O=Bank\, Söhne \+ Co,CN=client one+UID=4711",
        r"CN=client one,UID=4711,O=Bank\, Söhne \+ Co,C=DE",
        r"CN=client one,O=Bank\, Söhne \+ Co,C=DE",
        r"CN=client one+UID=4711,O=Bank\, Söhne \+ Co",
        r"OU=x,CN=client one+UID=4711,O=Bank\, Söhne \+ Co,C=DE",
        r"CN=clientone+UID=4711,O=Bank\, Söhne \+ Co,C=DE",
        r"CN=client one+UID=4711,O=Bank\, Sohne \+ Co,C=DE",
        r"SN=client one+UID=4711,O=Bank\, Söhne \+ Co,C=DE",
        "CN=client",
        "not a name",
        "",
    ],
)
def test_another_name_does_not(text: str) -> None:
    assert not subject_matches(DER, CertificateSubject(subject_dn=text))


@pytest.mark.spec("RFC4514-3")
@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ",",
        "CN",
        "CN=",
        "=a",
        "CN=a,",
        "CN=a,,O=b",
        "CN=a+",
        "CN=a;O=b",
        'CN="a"',
        "CN=a<b",
        "CN=a\\",
        "CN=a\\zz",
        "CN=a\\4",
        "CN=\\C3",
        "CN=a\\00b",
        "CN=a\x00b",
        "CN=a\u200bb",
        "CN=a\u202eb",
        "CN=#",
        "CN=#0",
        "CN=#0C",
        "CN=#0C02",
        "CN=#0C0161FF",
        "CN=#0C80",
        "CN=#020101",
        "CN=#zz",
        "CN=#0C0161 b",
        "unknown=a",
        "OID.2.5.4.3=a",
        "3.1=a",
        "2.05=a",
        "CN=a+CN=a",
        "CN=" + "a" * 5000,
    ],
)
def test_what_is_no_distinguished_name_is_refused_at_registration(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_dn(text)


def test_a_long_string_behind_the_number_sign_is_read() -> None:
    for length in (127, 128, 255, 256):
        octets = f"{length:02X}" if length < 128 else f"81{length:02X}" if length < 256 else f"82{length:04X}"
        assert parse_dn(f"CN=#0C{octets}{'61' * length}") == parse_dn("CN=" + "a" * length)


def test_types_we_do_not_know_keep_their_case() -> None:
    assert parse_dn("1.2.3=a") != parse_dn("1.2.3=A")
    assert parse_dn("1.2.3=a") == parse_dn("1.2.3= a ")


def test_a_name_that_only_looks_the_same_does_not_match() -> None:
    for deceptive in ("client\u200b one", "client\u00ad one", "cl\u0456ent one"):
        der = self_signed(common_name(deceptive), NOW).der
        assert not subject_matches(der, CertificateSubject(subject_dn="CN=client one"))


def test_a_certificate_without_a_subject_matches_no_name() -> None:
    der = self_signed(x509.Name([]), NOW).der
    assert not subject_matches(der, CertificateSubject(subject_dn=""))
    assert read_name(x509.Name([])) is None


WORDS = st.text(
    st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_categories=("Cc", "Cf", "Cn", "Co", "Cs", "Zs")),
    min_size=1,
    max_size=9,
)
VALUES = st.lists(WORDS, min_size=1, max_size=3).map(" ".join)
TYPES = st.sampled_from(
    [
        NameOID.COMMON_NAME,
        NameOID.ORGANIZATION_NAME,
        NameOID.ORGANIZATIONAL_UNIT_NAME,
        NameOID.LOCALITY_NAME,
        NameOID.USER_ID,
        NameOID.GIVEN_NAME,
        x509.ObjectIdentifier("1.2.3.4"),
    ]
)
PARTS = st.dictionaries(TYPES, VALUES, min_size=1, max_size=3).map(lambda given: part(*given.items()))


@pytest.mark.spec("RFC4514-2", "RFC4514-3")
@given(st.lists(PARTS, min_size=1, max_size=4).map(x509.Name))
def test_every_name_is_read_back_from_its_text(name: x509.Name) -> None:
    assert parse_dn(name.rfc4514_string()) == read_name(name)


@given(st.lists(PARTS, min_size=1, max_size=4).map(x509.Name), st.data())
def test_every_character_may_be_written_in_hexadecimal(name: x509.Name, data: st.DataObject) -> None:
    def spelled(value: str) -> str:
        form = data.draw(st.sampled_from(["pairs", "der"]))
        octets = value.encode()
        return "#" + f"0c{len(octets):02x}{octets.hex()}" if form == "der" else "".join(f"\\{o:02x}" for o in octets)

    text = ",".join("+".join(f"{a.oid.dotted_string}={spelled(str(a.value))}" for a in p) for p in reversed(name.rdns))
    assert parse_dn(text) == read_name(name)


@given(st.lists(PARTS, min_size=2, max_size=4).map(x509.Name))
def test_the_order_of_the_parts_matters(name: x509.Name) -> None:
    turned = x509.Name(list(reversed(list(name.rdns))))
    assert (read_name(turned) == read_name(name)) == (tuple(reversed(read_name(name) or ())) == read_name(name))


@given(st.text())
def test_no_text_is_anything_but_a_name_or_a_value_error(text: str) -> None:
    for attempt in (text, f"CN={text}", f"CN=a,{text}", f"CN=#{text}"):
        try:
            assert parse_dn(attempt)
        except ValueError:
            continue


@pytest.mark.spec("RFC8705-2.1.2")
@pytest.mark.parametrize(
    ("name", "subject", "matches"),
    [
        (x509.DNSName("Client.Example"), CertificateSubject(san_dns="client.EXAMPLE"), True),
        (x509.DNSName("*.example"), CertificateSubject(san_dns="client.example"), False),
        (x509.DNSName("client.example"), CertificateSubject(san_dns="*.example"), False),
        (x509.DNSName("client.example"), CertificateSubject(san_dns="client.example."), False),
        (x509.UniformResourceIdentifier("https://a/B"), CertificateSubject(san_uri="https://a/B"), True),
        (x509.UniformResourceIdentifier("https://a/B"), CertificateSubject(san_uri="https://a/b"), False),
        (x509.UniformResourceIdentifier("https://a/B"), CertificateSubject(san_uri="HTTPS://a/B"), False),
        (x509.IPAddress(ip_address("192.0.2.1")), CertificateSubject(san_ip="192.0.2.1"), True),
        (x509.IPAddress(ip_address("192.0.2.1")), CertificateSubject(san_ip="192.0.2.01"), False),
        (x509.IPAddress(ip_address("192.0.2.1")), CertificateSubject(san_ip="::ffff:192.0.2.1"), False),
        (x509.IPAddress(ip_address("2001:db8::1")), CertificateSubject(san_ip="2001:0DB8:0::0:1"), True),
        (x509.IPAddress(ip_address("2001:db8::1")), CertificateSubject(san_ip="2001:db8::2"), False),
        (x509.IPAddress(ip_network("192.0.2.1/32")), CertificateSubject(san_ip="192.0.2.1"), False),
        (x509.RFC822Name("Me@Example.COM"), CertificateSubject(san_email="Me@example.com"), True),
        (x509.RFC822Name("Me@example.com"), CertificateSubject(san_email="me@example.com"), False),
        (x509.RFC822Name("example.com"), CertificateSubject(san_email="me@example.com"), False),
        (x509.RFC822Name("me@example.com"), CertificateSubject(san_email="example.com"), False),
        (x509.DNSName("me@example.com"), CertificateSubject(san_email="me@example.com"), False),
        (x509.DNSName("192.0.2.1"), CertificateSubject(san_ip="192.0.2.1"), False),
        (x509.DNSName("client"), CertificateSubject(subject_dn="CN=client"), True),
        (x509.DNSName("elsewhere"), CertificateSubject(san_dns="client"), False),
    ],
)
def test_an_alternative_name_matches_by_the_rule_of_its_kind(
    name: x509.GeneralName, subject: CertificateSubject, *, matches: bool
) -> None:
    assert subject_matches(shown(x509.DNSName("first.example"), name), subject) is matches


@pytest.mark.spec("RFC8705-2.1.2")
@pytest.mark.parametrize(
    "subject",
    [
        CertificateSubject(),
        CertificateSubject(subject_dn="CN=client", san_dns="client"),
        CertificateSubject(san_dns=""),
        CertificateSubject(san_uri=""),
        CertificateSubject(san_ip="localhost"),
        CertificateSubject(san_email="nobody"),
        CertificateSubject(subject_dn="client"),
    ],
)
def test_a_registration_that_names_nothing_or_too_much_is_refused_and_matches_nothing(
    subject: CertificateSubject,
) -> None:
    with pytest.raises(ValueError, match=r"."):
        check_subject(subject)
    assert not subject_matches(shown(x509.DNSName("client")), subject)


@pytest.mark.parametrize(
    "subject",
    [
        CertificateSubject(subject_dn="CN=client"),
        CertificateSubject(san_dns="client"),
        CertificateSubject(san_uri="urn:client"),
        CertificateSubject(san_ip="::1"),
        CertificateSubject(san_email="me@example.com"),
    ],
)
def test_a_sound_registration_passes(subject: CertificateSubject) -> None:
    check_subject(subject)


def test_what_is_no_certificate_matches_nothing() -> None:
    for der in (b"", b"\x30\x00", AUTHORITY.pem):
        assert not subject_matches(der, CertificateSubject(subject_dn="CN=client"))


def test_a_certificate_whose_alternative_names_cannot_be_read_matches_nothing() -> None:
    key = AUTHORITY.credential.key
    broken = x509.UnrecognizedExtension(x509.SubjectAlternativeName.oid, b"\x30\x03abc")
    moment = datetime.fromtimestamp(NOW, UTC)
    certificate = (
        x509.CertificateBuilder(common_name("client"), common_name("client"), key.public_key(), 1, moment, moment)
        .add_extension(broken, critical=False)
        .sign(key, SHA256())
    )
    der = certificate.public_bytes(Encoding.DER)
    assert not subject_matches(der, CertificateSubject(subject_dn="CN=client"))
