"""Which addresses lie on the public network, by the registries of IANA as they are written here.

Python's own `is_global` differs between its versions and calls tunnels and site-local addresses global.

Spec: RFC9700-4.11, RFC7591-5
"""

from ipaddress import IPv4Address, IPv6Address, ip_network

_GLOBAL_UNICAST = ip_network("2000::/3")
"""All of IPv6 that has been given out; whatever lies outside is local, mapped, multicast, or of no use yet."""

_RESERVED_IPV6 = tuple(
    map(
        ip_network,
        (
            "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4, which carries an IPv4 address inside
            "2620:4f:8000::/48",  # delegated to AS112
            "3ffe::/16",  # 6bone, given back
            "3fff::/20",  # documentation
        ),
    )
)
_RESERVED_IPV4 = tuple(
    map(
        ip_network,
        (
            "0.0.0.0/8",  # this network
            "10.0.0.0/8",  # private
            "100.64.0.0/10",  # carrier-grade translation
            "127.0.0.0/8",  # loopback
            "169.254.0.0/16",  # link-local; metadata services of clouds
            "172.16.0.0/12",  # private
            "192.0.0.0/24",  # protocol assignments
            "192.0.2.0/24",  # documentation
            "192.31.196.0/24",  # AS112
            "192.52.193.0/24",  # multicast tunnels
            "192.88.99.0/24",  # relays of 6to4
            "192.168.0.0/16",  # private
            "192.175.48.0/24",  # AS112
            "198.18.0.0/15",  # benchmarking
            "198.51.100.0/24",  # documentation
            "203.0.113.0/24",  # documentation
            "224.0.0.0/4",  # multicast
            "240.0.0.0/4",  # reserved, and the broadcast address
        ),
    )
)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address can be some host's on the public network and nothing else."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _RESERVED_IPV4)
    return address in _GLOBAL_UNICAST and not any(address in network for network in _RESERVED_IPV6)
