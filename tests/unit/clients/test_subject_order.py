"""Subjects in the order of OpenSSL's own print, or with its slashes, are recognised, and the right order is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.clients.distinguished_names import parse_dn
from authserver.clients.subject_order import right_order


@pytest.mark.parametrize(
    ("written", "right"),
    [
        ("C=DE,O=Example,CN=client", "CN=client,O=Example,C=DE"),
        ("C = DE, O = Example, CN = client", "CN = client,O = Example,C = DE"),
        ("O=Example,CN=client", "CN=client,O=Example"),
        ("DC=com,DC=example,CN=a", "CN=a,DC=example,DC=com"),
        ("C=DE,O=Example\\, Ltd,CN=client", "CN=client,O=Example\\, Ltd,C=DE"),
        (
            "C=DE,O=Example,organizationIdentifier=PSDDE-BAFIN-1,CN=c",
            "CN=c,organizationIdentifier=PSDDE-BAFIN-1,O=Example,C=DE",
        ),
        ("C=DE,O=Example,CN=c+serialNumber=5", "CN=c+serialNumber=5,O=Example,C=DE"),
        ("jurisdictionC=DE,serialNumber=1,C=DE,O=Example,CN=c", "CN=c,O=Example,C=DE,serialNumber=1,jurisdictionC=DE"),
        ("C=DE,O=a\\ ,CN=b", "CN=b,O=a\\ ,C=DE"),
        ("CN=client/emailAddress=a@example.com,O=Example,C=DE", "emailAddress=a@example.com,CN=client,O=Example,C=DE"),
        ("C=DE/O=Example/CN=client", "CN=client,O=Example,C=DE"),
        ("CN=client/emailAddress=a@example.com", "emailAddress=a@example.com,CN=client"),
        ("C=DE,O=Example,CN=client/emailAddress=a@example.com", "emailAddress=a@example.com,CN=client,O=Example,C=DE"),
    ],
)
def test_a_name_as_openssl_prints_it_is_recognised(written: str, right: str) -> None:
    assert right_order(written) == right
    parse_dn(right)
    assert right_order(right) is None


@pytest.mark.parametrize(
    "written",
    [
        "CN=client",
        "C=DE",
        "CN=client,O=Example,C=DE",
        "CN=client,OU=Unit,DC=example,DC=com",
        "organizationIdentifier=PSDDE-BAFIN-1,CN=c,O=Example,C=DE",
        "O=Example,L=Lisbon,C=PT",
        "2.5.4.97=a,1.2.3.4=b",
        "CN=https://a.example/b=c,C=DE",
        "CN=a/b,O=AC/DC,C=DE",
    ],
)
def test_a_name_in_its_order_is_left_alone(written: str) -> None:
    assert right_order(written) is None


@given(st.permutations(["CN=a", "OU=b", "O=c", "ST=d", "C=e", "UID=f"]), st.integers(1, 6))
def test_what_is_told_is_never_told_of_again(parts: list[str], count: int) -> None:
    right = right_order(",".join(parts[:count]))
    if right is not None:
        assert parse_dn(right) == parse_dn(",".join(parts[:count]))[::-1]
        assert right_order(right) is None
