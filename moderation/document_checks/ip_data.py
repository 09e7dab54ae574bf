"""Where an address belongs: the file of countries and networks that comes with geoip2fast (GeoLite2, mid-2024).

Another provider is another `types.IpData`.
"""

from __future__ import annotations

import ipaddress
import re
import warnings
from functools import cache
from typing import Any

from .types import IpFacts

FILE = "geoip2fast-asn-ipv6.dat.gz"
# Names of networks whose addresses are machines in halls, or tunnels out of them, not people's homes and phones.
_HOSTING = re.compile(
    r"\b(amazon|aws|google cloud|google-cloud|microsoft azure|azure|digitalocean|linode|akamai connected|ovh|hetzner"
    r"|vultr|choopa|constant company|leaseweb|contabo|scaleway|online s\.?a\.?s|oracle cloud|alibaba|tencent cloud"
    r"|m247|datacamp|cdn77|hostinger|ionos|hostwinds|psychz|quadranet|colocrossing|servermania|cogent|hosting|hoster"
    r"|datacent(er|re)|data cent(er|re)|colo(cation)?|vps|cloud|dedicated|server[s]?|vpn|mullvad|nordvpn|proton ag"
    r"|tzulo|fdcservers|packethub|clouvider|g-core|worldstream|serverius|stark industries)\b",
    re.IGNORECASE,
)


class FileIpData:
    """`IpData` from geoip2fast's file. The file is loaded once a process: 0.2 s and about 100 MB."""

    def facts(self, *, ip_address: str) -> IpFacts:
        """Country and network; empty facts for what is no public address or not in the file."""
        try:
            address = ipaddress.ip_address(ip_address)
        except ValueError:
            return IpFacts()
        if not address.is_global:
            return IpFacts()
        found = _file().lookup(str(address))
        network = str(found.asn_name or "")
        country = str(found.country_code or "")
        return IpFacts(
            country=country if re.fullmatch(r"[A-Z]{2}", country) else "",
            network=network,
            is_hosting=bool(_HOSTING.search(network)) if network else None,
        )


@cache
def _file() -> Any:
    with warnings.catch_warnings():
        # Its source has escapes that Python warns of when it compiles them.
        warnings.simplefilter("ignore")
        from geoip2fast import GeoIP2Fast
    return GeoIP2Fast(geoip2fast_data_file=FILE)
