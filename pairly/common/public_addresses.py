"""Where a host name leads, for requests to addresses that somebody else chose (server-side request forgery)."""

from __future__ import annotations

import ipaddress
import socket

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# IPv6 addresses that lead to an IPv4 one: NAT64 (RFC 6052) and 6to4 (RFC 3056).
_NAT64, _SIX_TO_FOUR = ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("2002::/16")


class NotPublic(Exception):
    """The name leads to this machine, to its network or to no host at all."""


def resolve_public(*, host: str, port: int) -> str:
    """An address of `host` to connect to. Connect to it and to no other: a name may lead elsewhere when asked again.

    Raises NotPublic if any address of it is not a public one, OSError if it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(row[4][0]) for row in found]
    if not addresses or not all(is_public(address=address) for address in addresses):
        raise NotPublic
    return addresses[0]


def is_public(*, address: str) -> bool:
    """Whether an address is one of the Internet's hosts (IANA special-purpose registries, RFC 6890)."""
    try:
        parsed = _led_to(ipaddress.ip_address(address.partition("%")[0]))
    except ValueError:
        return False
    return parsed.is_global and not parsed.is_multicast and not parsed.is_reserved


def _led_to(address: Address) -> Address:
    if isinstance(address, ipaddress.IPv4Address):
        return address
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    if address in _SIX_TO_FOUR and address.sixtofour:
        return address.sixtofour
    return address
