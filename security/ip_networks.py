"""Where an address is in the network: country, whose network it is, and whether machines live there rather than people.

One provider for the whole product, named by IP_NETWORKS_PROVIDER. The one that comes with it reads a file of its
package and asks nobody. What it does not know is unknown: "" and None, never "harmless".
"""

from __future__ import annotations

import ipaddress
import re
import threading
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Protocol

import structlog
from django.conf import settings
from django.utils.module_loading import import_string

log = structlog.get_logger(__name__)

NETWORK_MAX = 64
_CACHED = 10_000
# Words in the names of networks that rent machines out. Relays of phones and browsers (Cloudflare, Akamai, Fastly) are
# left out on purpose: people are behind them.
_HOSTING = re.compile(
    r"amazon|\baws\b|google|microsoft|azure|digitalocean|ovh|hetzner|linode|vultr|choopa|leaseweb|contabo|m247|oracle"
    r"|alibaba|tencent|scaleway|online s\.a\.s|ionos|hostinger|namecheap|worldstream|datacamp|packethub|hosting|\bvps\b"
    r"|data ?cent(?:er|re)|\bservers?\b|\bcloud\b|\bcolo(?:cation)?\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class IpPlace:
    """`country` is an ISO 3166 code, `network` the name of who routes the address; "" where it is not known.
    `is_hosting` is None where the network is not known."""

    country: str = ""
    network: str = ""
    is_hosting: bool | None = None


class IpNetworks(Protocol):
    """A source of places. May raise whatever it likes: the caller takes that for not known."""

    def locate(self, *, ip: str) -> IpPlace: ...


UNKNOWN = IpPlace()


class GeoIp2Fast:
    """The file of the package `geoip2fast` (countries and networks of IPv4 and IPv6), read into memory once: half a
    second and about 100 MB, at the first public address that is asked about."""

    def __init__(self) -> None:
        self._file: Any = None
        self._reading = threading.Lock()

    def locate(self, *, ip: str) -> IpPlace:
        found = self._open().lookup(ip)
        country = found.country_code if re.fullmatch("[A-Z]{2}", found.country_code or "") else ""
        network = (found.asn_name or "")[:NETWORK_MAX]
        return IpPlace(country, network, is_hosting(network=network) if network else None)

    def _open(self) -> Any:
        with self._reading:
            if self._file is None:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # its source has escapes that newer compilers warn of
                    from geoip2fast import GeoIP2Fast  # heavy: not before it is needed

                self._file = GeoIP2Fast(geoip2fast_data_file="geoip2fast-asn-ipv6.dat.gz")
        return self._file


def locate(*, ip: str) -> IpPlace:
    """The place of an address in its text form; UNKNOWN for none, for one that is not public, and when the provider
    fails. Never raises; microseconds, from memory."""
    return _locate(ip, settings.IP_NETWORKS_PROVIDER) if _is_public(ip) else UNKNOWN


def is_hosting(*, network: str) -> bool:
    """Whether the name of a network is one of who rents machines out: a hint, for names are all there is."""
    return bool(_HOSTING.search(network))


def _is_public(ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip).is_global
    except ValueError:
        return False


@lru_cache(maxsize=_CACHED)
def _locate(ip: str, name: str) -> IpPlace:
    try:
        return _provider(name).locate(ip=ip)
    except Exception as error:  # a provider's own, unknown here: nobody is refused for it
        log.warning("ip_not_located", error=type(error).__name__)
        return UNKNOWN


@cache
def _provider(name: str) -> IpNetworks:
    made: IpNetworks = import_string(name)()
    return made
