from __future__ import annotations

import pytest
from django.test import RequestFactory
from pytest_django import Settings

from security.client_ip import client_of, network_of, resolve_ip

PEER = "10.0.0.1"


@pytest.mark.parametrize(
    ("n_proxies", "forwarded_for", "expected"),
    [
        (0, "", PEER),
        (0, "203.0.113.9", PEER),
        (1, "203.0.113.9", "203.0.113.9"),
        (1, "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        (2, "198.51.100.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        (2, "203.0.113.9", PEER),
        (1, "", PEER),
        (1, "not an address", PEER),
        (1, "203.0.113.9:4711", "203.0.113.9"),
        (1, "[2001:db8::1]:4711", "2001:db8::1"),
        (1, "2001:0DB8:0::1", "2001:db8::1"),
        (1, "::ffff:203.0.113.9", "203.0.113.9"),
        (1, "fe80::1%eth0", "fe80::1"),
        (1, "203.0.113.9,", PEER),
    ],
)
def test_only_the_trusted_part_of_the_forwarding_chain_counts(
    settings: Settings, n_proxies: int, forwarded_for: str, expected: str
) -> None:
    settings.TRUSTED_PROXY_COUNT = n_proxies
    assert resolve_ip(remote_addr=PEER, forwarded_for=forwarded_for) == expected


def test_a_client_without_address_is_nobody(settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 0
    request = RequestFactory().get("/", REMOTE_ADDR="", HTTP_USER_AGENT="a\x07b" + "x" * 500)
    client = client_of(request=request)
    assert client.ip == ""
    assert client.user_agent == ("a b" + "x" * 500)[:256]


@pytest.mark.parametrize(
    ("ip", "expected"),
    [("203.0.113.9", "203.0.113.9"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"), ("", "unknown")],
)
def test_limits_count_an_ipv6_network_as_one(ip: str, expected: str) -> None:
    assert network_of(ip=ip) == expected
