"""The client's address through a configured number of trusted proxies, and never by guess.

Each trusted proxy appends the address it saw to X-Forwarded-For, so with n proxies the n-th entry from the
right is the first that no client can write. With 0 the header is ignored.
"""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest

from .types import Client

_USER_AGENT_MAX = 256
_FOUND = "_pairly_client"


def client_of(*, request: HttpRequest) -> Client:
    """Address and user agent of the sender of `request`; found once a request, for every layer asks."""
    known: Client | None = vars(request).get(_FOUND)
    if known is not None:
        return known
    found = Client(
        ip=resolve_ip(
            remote_addr=request.META.get("REMOTE_ADDR", ""),
            forwarded_for=request.META.get("HTTP_X_FORWARDED_FOR", ""),
        ),
        user_agent=_printable(request.META.get("HTTP_USER_AGENT", ""))[:_USER_AGENT_MAX],
    )
    vars(request)[_FOUND] = found
    return found


def resolve_ip(*, remote_addr: str, forwarded_for: str) -> str:
    """The client's address in its canonical text form, or "" when there is none.

    `forwarded_for` is the joined X-Forwarded-For header. A chain shorter than the number of trusted proxies
    did not come through them all, and an unreadable entry is nobody's address: then the peer itself counts.
    """
    n_proxies = settings.TRUSTED_PROXY_COUNT
    entries = [entry.strip() for entry in forwarded_for.split(",")] if forwarded_for else []
    if 0 < n_proxies <= len(entries):
        return _canonical(entries[-n_proxies]) or _canonical(remote_addr)
    return _canonical(remote_addr)


def is_of_a_proxy(*, request: HttpRequest) -> bool:
    """Whether the address that `client_of` gives may be a trusted proxy's own: one that must never be banned."""
    return settings.TRUSTED_PROXY_COUNT > 0 and client_of(request=request).ip == _canonical(
        request.META.get("REMOTE_ADDR", "")
    )


def network_of(*, ip: str) -> str:
    """What a limit counts by: an IPv4 address, or the /64 of an IPv6 address, for one host owns all of it."""
    if ":" not in ip:
        return ip or "unknown"
    return str(ipaddress.ip_network(f"{ip}/64", strict=False))


def _canonical(text: str) -> str:
    host = text
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)


def _printable(text: str) -> str:
    return text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)
