"""Which networks an operator's proxies can be in: not so much of the internet that strangers are among them."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Network, collapse_addresses, ip_network
from typing import Final

_PRIVATE_IPV4: Final = tuple(
    map(ip_network, ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"))
)
_PRIVATE_IPV6: Final = tuple(map(ip_network, ("::1/128", "fc00::/7", "fe80::/10")))
# More than any content network or cloud publishes of its proxies, and nothing that happens to be everybody's.
_MOST_PUBLIC_IPV4: Final = 2**24
_MOST_PUBLIC_IPV6: Final = 2**112


def check_trusted(networks: Iterable[IPv4Network | IPv6Network]) -> None:
    """Raise ValueError where networks of proxies hold too much together, or what no peer's address is ever in.

    They may hold an IPv4 /8 and an IPv6 /16 of the public internet, and any private addresses. Peers with an IPv4
    address mapped into IPv6 are looked up by that address, so an entry in that form would match nobody.

    Spec: RFC9440-4
    """
    listed = tuple(networks)
    older = [each for each in listed if isinstance(each, IPv4Network) and not _is_within(each, _PRIVATE_IPV4)]
    newer = [each for each in listed if isinstance(each, IPv6Network) and not _is_within(each, _PRIVATE_IPV6)]
    if any(each.network_address.ipv4_mapped is not None for each in newer):
        raise ValueError("an IPv4 network is written as such, and not mapped into IPv6")
    held = sum(each.num_addresses for each in collapse_addresses(older))
    held_newer = sum(each.num_addresses for each in collapse_addresses(newer))
    if held > _MOST_PUBLIC_IPV4 or held_newer > _MOST_PUBLIC_IPV6:
        raise ValueError("with so much of the internet trusted, anyone could name any client's certificate")


def _is_within(network: IPv4Network | IPv6Network, others: Iterable[IPv4Network | IPv6Network]) -> bool:
    return any(network.version == other.version and network.subnet_of(other) for other in others)  # type: ignore[arg-type]  # of one version
