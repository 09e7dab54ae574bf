"""Where an address belongs, journeys that nobody makes, mail to throw away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from security import ip_networks
from security.disposable_mail import is_disposable
from security.ip_networks import UNKNOWN, IpPlace, is_hosting, locate
from security.travel import distance_km, is_impossible, is_too_fast

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


class Somewhere:
    def locate(self, *, ip: str) -> IpPlace:
        if ip == "8.8.4.4":
            raise OSError("gone")
        return IpPlace("NZ", "A network", is_hosting=False)


@pytest.mark.parametrize(
    ("ip", "country", "hosting"),
    [
        ("5.9.1.1", "DE", True),
        ("81.2.69.160", "GB", False),
        ("49.36.0.1", "IN", False),
        ("2001:4860:4860::8888", "US", True),
        *((ip, "", None) for ip in ("", "junk", "127.0.0.1", "10.1.2.3", "192.0.2.7", "203.0.113.7", "::1", "fe80::1")),
    ],
)
def test_the_file_knows_public_addresses_and_no_others(ip, country, hosting):
    place = locate(ip=ip)
    assert (place.country, place.is_hosting) == (country, hosting)
    assert bool(place.network) is bool(country)


def test_another_provider_takes_its_place_and_its_failure_is_not_knowing(settings):
    settings.IP_NETWORKS_PROVIDER = f"{__name__}.Somewhere"
    assert locate(ip="8.8.8.8") == IpPlace("NZ", "A network", is_hosting=False)
    assert locate(ip="8.8.4.4") == UNKNOWN
    settings.IP_NETWORKS_PROVIDER = "security.nowhere.Nothing"
    assert locate(ip="8.8.8.8") == UNKNOWN


@pytest.mark.parametrize(
    ("network", "expected"),
    [
        ("AMAZON-02", True),
        ("Hetzner Online GmbH", True),
        ("Some Hosting Ltd", True),
        ("My VPS", True),
        ("Reliance Jio Infocomm Limited", False),
        ("Deutsche Telekom AG", False),
        ("CLOUDFLARENET", False),
        ("Cloudberry Telecom", False),
        ("", False),
    ],
)
def test_who_rents_machines_out_is_told_by_name(network, expected):
    assert is_hosting(network=network) is expected


@pytest.mark.parametrize(
    ("before", "after", "hours", "expected"),
    [
        ("DE", "AT", 0, False),
        ("PT", "ES", 0, False),
        ("US", "CA", 0, False),
        ("DE", "DE", 0, False),
        ("DE", "BR", 2, True),
        ("DE", "BR", 12, False),
        ("IN", "NG", 1, True),
        ("XX", "BR", 0, False),
        ("", "BR", 0, False),
    ],
)
def test_neighbours_are_near_and_oceans_take_their_time(before, after, hours, expected):
    assert is_too_fast(before=before, after=after, hours=hours) is expected
    assert is_impossible(places=[(NOON + timedelta(hours=hours), after), (NOON, before)]) is expected


def test_distances_are_the_same_both_ways():
    assert distance_km(one="DE", other="BR") == pytest.approx(distance_km(one="BR", other="DE"))
    assert distance_km(one="DE", other="??") is None


@pytest.mark.parametrize(
    ("email", "expected"),
    [
        ("a@mailinator.com", True),
        ("A@MAILINATOR.COM", True),
        ("a@deep.mailinator.com", True),
        ("a@gmail.com", False),
        ("a@mailinator.com.example.org", False),
        ("nonsense", False),
        ("", False),
    ],
)
def test_mail_to_throw_away_is_told_by_its_domain(email, expected):
    assert is_disposable(email=email) is expected


def test_one_provider_is_made_once():
    assert ip_networks._provider(f"{__name__}.Somewhere") is ip_networks._provider(f"{__name__}.Somewhere")
