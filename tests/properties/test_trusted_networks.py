"""Networks of proxies: private ones as many as one likes, of the internet little, however it is cut into pieces."""

from ipaddress import IPv4Network, IPv6Network, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authserver.web.machine.trusted_networks import check_trusted

SANE = [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "fc00::/7",
    "fe80::/10",
    "::1/128",
    "104.16.0.0/13",
    "2400:cb00::/32",
    "2600:1f00::/24",
]


def test_what_operators_have_is_taken_together() -> None:
    check_trusted(map(ip_network, SANE))


@given(
    whole=st.sampled_from([ip_network(text) for text in ("0.0.0.0/0", "128.0.0.0/2", "::/0", "2000::/3")]),
    bits=st.integers(0, 8),
    private=st.sets(st.sampled_from(SANE[:8])),
)
@pytest.mark.spec("RFC9440-4")
def test_much_of_the_internet_is_refused_in_any_number_of_pieces(
    whole: IPv4Network | IPv6Network, bits: int, private: set[str]
) -> None:
    with pytest.raises(ValueError, match="so much of the internet"):
        check_trusted([*whole.subnets(prefixlen_diff=bits), *map(ip_network, private)])


@given(at=st.integers(0, 2**32 - 1), length=st.integers(96, 128))
def test_an_ipv4_network_mapped_into_ipv6_would_match_nobody(at: int, length: int) -> None:
    with pytest.raises(ValueError, match="is written as such"):
        check_trusted([IPv6Network((0xFFFF << 32 | at, length), strict=False)])
