"""Distinguished names: read from their text or from a certificate, into one form in which equal names are equal.

The text runs from the most particular part to the most general; a certificate holds them the other way round. Names
are compared part by part, never as text: the same name has many spellings.
"""

import re
import unicodedata
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import NameOID

Attribute = tuple[str, str]
"""The attribute's OID and its value, made ready for comparison."""

DistinguishedName = tuple[frozenset[Attribute], ...]
"""The relative names, the most particular first; each is a set, since the order inside one means nothing."""

_KEYWORDS = {
    "cn": NameOID.COMMON_NAME,
    "l": NameOID.LOCALITY_NAME,
    "st": NameOID.STATE_OR_PROVINCE_NAME,
    "s": NameOID.STATE_OR_PROVINCE_NAME,
    "o": NameOID.ORGANIZATION_NAME,
    "ou": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "c": NameOID.COUNTRY_NAME,
    "street": NameOID.STREET_ADDRESS,
    "dc": NameOID.DOMAIN_COMPONENT,
    "uid": NameOID.USER_ID,
    "sn": NameOID.SURNAME,
    "surname": NameOID.SURNAME,
    "gn": NameOID.GIVEN_NAME,
    "givenname": NameOID.GIVEN_NAME,
    "title": NameOID.TITLE,
    "initials": NameOID.INITIALS,
    "pseudonym": NameOID.PSEUDONYM,
    "serialnumber": NameOID.SERIAL_NUMBER,
    "postalcode": NameOID.POSTAL_CODE,
    "businesscategory": NameOID.BUSINESS_CATEGORY,
    "organizationidentifier": NameOID.ORGANIZATION_IDENTIFIER,
    "jurisdictionc": NameOID.JURISDICTION_COUNTRY_NAME,
    "jurisdictioncountryname": NameOID.JURISDICTION_COUNTRY_NAME,
    "jurisdictionst": NameOID.JURISDICTION_STATE_OR_PROVINCE_NAME,
    "jurisdictionl": NameOID.JURISDICTION_LOCALITY_NAME,
    "emailaddress": NameOID.EMAIL_ADDRESS,
    "e": NameOID.EMAIL_ADDRESS,
    "commonname": NameOID.COMMON_NAME,
    "organizationname": NameOID.ORGANIZATION_NAME,
    "organizationalunitname": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "countryname": NameOID.COUNTRY_NAME,
    "localityname": NameOID.LOCALITY_NAME,
    "stateorprovincename": NameOID.STATE_OR_PROVINCE_NAME,
    "domaincomponent": NameOID.DOMAIN_COMPONENT,
    "userid": NameOID.USER_ID,
}
_FOLDED = frozenset(oid.dotted_string for oid in _KEYWORDS.values())
_LONGEST = 4096

_TYPE = re.compile(r"\s*(?:(?P<keyword>[A-Za-z][A-Za-z0-9-]*)|(?P<oid>[0-2](?:\.(?:0|[1-9][0-9]*))+))\s*=\s*")
_HEX_VALUE = re.compile(r"#((?:[0-9A-Fa-f]{2})+)\s*")
# A backslash takes two hexadecimal digits, or one of the characters that would mean something else.
_TEXT_VALUE = re.compile(r"""(?:\\(?:[0-9A-Fa-f]{2}|[ "#+,;<=>\\])|[^"+,;<>\\\x00])*""")
_ESCAPE = re.compile(r"\\([0-9A-Fa-f]{2})|\\(.)|([^\\]+)", re.DOTALL)
# How ASN.1 writes text: UTF8String, NumericString, PrintableString, T61String, IA5String, UniversalString, BMPString.
_STRING_TAGS = {
    0x0C: "utf-8",
    0x12: "ascii",
    0x13: "ascii",
    0x14: "latin-1",
    0x16: "ascii",
    0x1C: "utf-32-be",
    0x1E: "utf-16-be",
}
_LONG_FORM = 0x80


@lru_cache(maxsize=512)
def parse_dn(text: str) -> DistinguishedName:
    """Parse the text of a distinguished name, such as `CN=client,O=Example,C=DE`; raises ValueError if it is none.

    Spaces around the signs are let pass, since many programs print them. The empty name is refused: it would match any
    certificate that names its subject only elsewhere.

    Spec: RFC4514-3, RFC4514-4, RFC8705-2.1.2
    """
    return tuple(name for _, name in split_dn(text))


def split_dn(text: str) -> list[tuple[str, frozenset[Attribute]]]:
    """Return each part of a name as it is written and as it is compared; raises ValueError where `parse_dn` does."""
    if len(text) > _LONGEST:
        raise ValueError("the name is too long")
    parts: list[tuple[str, frozenset[Attribute]]] = []
    current: list[Attribute] = []
    start, position, sign = 0, 0, ","
    while sign:
        attribute, position = _parse_attribute(text, position)
        current.append(attribute)
        sign = text[position : position + 1]
        position += 1
        if sign not in ("", ",", "+"):
            raise ValueError(f"unexpected character at {position - 1}")
        if sign != "+":
            parts.append((text[start : position - 1].lstrip(" "), _relative_name(current)))
            start, current = position, []
    return parts


def read_name(name: x509.Name) -> DistinguishedName | None:
    """Read a certificate's name into the same form; None if it is empty or holds what cannot be compared."""
    try:
        relative = [_relative_name([_read_attribute(each) for each in part]) for part in reversed(name.rdns)]
    except ValueError:
        return None
    return tuple(relative) or None


def _relative_name(attributes: list[Attribute]) -> frozenset[Attribute]:
    """Make one part of the name; raises ValueError if an attribute type comes twice in it."""
    if len({oid for oid, _ in attributes}) != len(attributes):
        raise ValueError("a type occurs twice in one part of the name")
    return frozenset(attributes)


def _parse_attribute(text: str, position: int) -> tuple[Attribute, int]:
    """Parse one type and value; answers them and where they end."""
    found = _TYPE.match(text, position)
    if found is None:
        raise ValueError(f"no attribute type at {position}")
    oid = found["oid"] or type_of(found["keyword"])
    if value := _HEX_VALUE.match(text, found.end()):
        return (oid, _prepare(oid, _decode_der_string(bytes.fromhex(value[1])))), value.end()
    raw = _TEXT_VALUE.match(text, found.end())
    if raw is None or raw[0].startswith("#"):
        raise ValueError(f"no value at {found.end()}")
    return (oid, _prepare(oid, _unescape(raw[0]))), raw.end()


def _read_attribute(attribute: x509.NameAttribute[str | bytes]) -> Attribute:
    if not isinstance(attribute.value, str):
        raise ValueError("the value is not text")
    oid = attribute.oid.dotted_string
    return oid, _prepare(oid, attribute.value)


def type_of(keyword: str) -> str:
    """Return the OID of an attribute type by its name, in whatever case; raises ValueError for one not known."""
    oid = _KEYWORDS.get(keyword.lower())
    if oid is None:
        raise ValueError(f"unknown attribute type {keyword}: write its OID")
    return oid.dotted_string


def _unescape(raw: str) -> str:
    """Resolve the backslashes; pairs of hexadecimal digits are bytes of UTF-8. Bare spaces at the ends are dropped."""
    octets = bytearray()
    for pair, character, plain in _ESCAPE.findall(_strip_bare_spaces(raw)):
        octets += bytes.fromhex(pair) if pair else (character or plain).encode()
    return octets.decode()


def _strip_bare_spaces(raw: str) -> str:
    stripped = raw.strip(" ")
    # The last space stays if a backslash stands before it, and that backslash is not itself escaped.
    odd = (len(stripped) - len(stripped.rstrip("\\"))) % 2
    return stripped + " " if odd and len(raw) > len(stripped) else stripped


def _decode_der_string(der: bytes) -> str:
    """Read the ASN.1 text behind a `#`; other kinds of value are refused, no name of a client is made of them.

    Spec: RFC4514-2.4
    """
    encoding = _STRING_TAGS.get(der[0])
    if encoding is None or len(der) < len("TL"):
        raise ValueError("the value behind # is not a string")
    octets_of_length = der[1] - _LONG_FORM if der[1] > _LONG_FORM else 0
    start = len("TL") + octets_of_length
    length = int.from_bytes(der[2:start]) if octets_of_length else der[1]
    # A length of just _LONG_FORM would mean "until the end is marked", which DER does not permit.
    if len(der) - start != length or der[1] == _LONG_FORM:
        raise ValueError("the value behind # has a wrong length")
    return der[start:].decode(encoding)


def _prepare(oid: str, value: str) -> str:
    """Make a value ready for comparison: compatible characters, case and runs of spaces are levelled.

    Types we do not know keep their case. Characters that cannot be seen are refused where the specification would drop
    them: a name must not equal another that it only looks like.

    Spec: RFC4518-2, RFC4517-4.2.11
    """
    spaced = " ".join(unicodedata.normalize("NFKC", value).split())
    if not spaced or any(unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs"} for character in spaced):
        raise ValueError("the value is empty or holds characters that cannot be compared")
    return unicodedata.normalize("NFKC", spaced.casefold()) if oid in _FOLDED else spaced
