"""Nearby: who is found around a point, in which order, and what it costs."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from pairly.testing.people import make_user
from profiles import nearby, services
from profiles.cells import cell_at, cell_of, distance_km
from profiles.constants import BUCKETS_KM
from profiles.filters import DiscoverFilter
from profiles.models import Listing
from profiles.nearby import get_nearby_page, origin_of
from profiles.types import Whereabouts
from users.models import Block, Restriction

from .test_cells import gone

pytestmark = pytest.mark.django_db

LISBON = (38.7223, -9.1393)
# Where longitudes jump, where they end, and where they mean little.
EDGES = [LISBON, (0.0, 179.97), (-16.8, -179.95), (66.0, 179.9), (89.95, 12.0), (-89.99, -100.0), (84.0, 0.0)]


def creator_at(lat, lon, *, cell_km=1, **fields):
    user = make_user("creator")
    services.update_profile(user=user, location=Whereabouts(lat=lat, lon=lon, cell_km=cell_km), **fields)
    return user


def look(lat, lon, radius_km=100.0, **more):
    return get_nearby_page(user=None, origin=origin_of(lat=lat, lon=lon), radius_km=radius_km, **more)


def names(page):
    return [row.profile.user_id for row in page.rows]


def expected(lat, lon, radius_km):
    """Everybody who is near, one by one and by the plain formula, in order."""
    origin = origin_of(lat=lat, lon=lon)
    found = []
    for row in Listing.objects.filter(is_shown=True, cell__isnull=False):
        cell = cell_of(id=row.cell_id)
        is_here = cell_at(lat=origin.lat, lon=origin.lon, size_km=cell.size_km) == cell
        km = 0 if is_here else distance_km(lat=origin.lat, lon=origin.lon, to_lat=cell.lat, to_lon=cell.lon)
        if round(km * 1000) <= radius_km * 1000:
            found.append((round(km * 1000), row.cell_id, -row.active_at.timestamp(), -row.pk, row.user_id))
    return [one[-1] for one in sorted(found)]


@pytest.mark.parametrize(("lat", "lon"), EDGES)
def test_everybody_within_the_radius_is_found_in_order_and_nobody_else(lat, lon):
    dice = random.Random(7)
    for _ in range(24):
        to_lat, to_lon = gone(lat=lat, lon=lon, km=dice.uniform(0, 130), bearing=dice.uniform(0, 360))
        creator_at(to_lat, to_lon, cell_km=dice.choice([1, 5, 20]))
    for radius_km in (5, 25, 50, 100):
        assert names(look(lat, lon, radius_km)) == expected(lat, lon, radius_km)
    assert len(expected(lat, lon, 100)) > 10


@pytest.mark.parametrize("size", [1, 2, 5])
@pytest.mark.parametrize("wanted", [DiscoverFilter(), DiscoverFilter(max_price=10**6)], ids=["all", "filtered"])
def test_pages_show_everybody_once_and_in_order(size, wanted):
    now = timezone.now().replace(minute=0, second=0, microsecond=0)
    for n in range(12):  # some in one cell, some active in the same hour
        user = creator_at(LISBON[0] + 0.1 * (n % 4), LISBON[1], cell_km=5)
        Listing.objects.filter(user_id=user.pk).update(active_at=now - timedelta(hours=n // 6))
    seen, after = [], ""
    for _ in range(13):
        page = look(*LISBON, size=size, after=after, wanted=wanted)
        seen += names(page)
        after = page.after
        if not after:
            break
    assert seen == expected(*LISBON, 100)
    assert len(seen) == 12


@pytest.mark.parametrize("plan", ["walk", "further", "gather"])
def test_a_filter_finds_the_same_whichever_way_it_is_looked_up(plan, monkeypatch):
    for n in range(30):
        services.update_profile(
            user=creator_at(LISBON[0] + 0.01 * (n % 7), LISBON[1], cell_km=5),
            languages=["pt" if n % 3 else "fi"],
        )
    sample, most = {"walk": (500, 1), "further": (4, 1e9), "gather": (2, 0)}[plan]
    monkeypatch.setattr(nearby, "SAMPLE", sample)
    monkeypatch.setattr(nearby, "GATHERED_ROW", most)
    finns = set(Listing.objects.filter(profile__languages=["fi"]).values_list("user_id", flat=True))
    seen, after = [], ""
    while True:
        page = look(*LISBON, wanted=DiscoverFilter(languages=("fi",)), size=4, after=after)
        seen += names(page)
        if not (after := page.after):
            break
    assert seen == [pk for pk in expected(*LISBON, 100) if pk in finns]
    assert len(seen) == 10


@pytest.mark.parametrize(
    ("km", "bucket"), [(0, 0), (4.2, 0), (5.8, 1), (9.2, 1), (10.8, 2), (24, 2), (26, 3), (49, 3), (51, 4), (99, 4)]
)
def test_a_distance_is_told_as_a_bucket(km, bucket):
    to_lat, to_lon = gone(lat=LISBON[0], lon=LISBON[1], km=km, bearing=0)
    creator_at(to_lat, to_lon)
    assert [row.bucket for row in look(*LISBON).rows] == [bucket]
    assert len(look(*LISBON, BUCKETS_KM[bucket]).rows) == 1


@pytest.mark.parametrize("radius_km", [1, 5, 100])
def test_who_may_be_next_door_is_near_however_large_the_cell_is(radius_km):
    cell = cell_at(lat=LISBON[0], lon=LISBON[1], size_km=20)
    creator_at(cell.lat, cell.lon, cell_km=20)
    assert [row.bucket for row in look(cell.lat + 0.085, cell.lon, radius_km).rows] == [0]


def test_nobody_without_a_place_or_who_is_not_listed_is_near():
    make_user("creator")
    hidden = creator_at(*LISBON)
    hidden.profile.refresh_from_db()
    hidden.profile.is_listed = False
    hidden.profile.save(update_fields=["is_listed"])
    fan = make_user("fan")
    services.update_profile(user=fan, location=Whereabouts(lat=LISBON[0], lon=LISBON[1]))
    assert look(*LISBON).rows == []


@pytest.mark.parametrize("wanted", [DiscoverFilter(), DiscoverFilter(max_price=10**6)], ids=["all", "filtered"])
@pytest.mark.parametrize("direction", ["blocker", "blocked"])
def test_a_block_hides_in_both_directions(direction, wanted):
    creator, fan = creator_at(*LISBON), make_user("fan")
    blocker, blocked = (creator, fan) if direction == "blocker" else (fan, creator)
    origin = origin_of(lat=LISBON[0], lon=LISBON[1])
    assert get_nearby_page(user=fan, origin=origin, radius_km=5, wanted=wanted).rows
    Block.objects.create(blocker=blocker, blocked=blocked)
    assert not get_nearby_page(user=fan, origin=origin, radius_km=5, wanted=wanted).rows
    assert get_nearby_page(user=make_user("fan"), origin=origin, radius_km=5, wanted=wanted).rows


@pytest.mark.parametrize("wanted", [DiscoverFilter(), DiscoverFilter(max_price=10**6)], ids=["all", "filtered"])
@pytest.mark.parametrize("kind", ["hide", "suspension"])
def test_a_restriction_hides(kind, wanted):
    creator = creator_at(*LISBON)
    Restriction.objects.create(user=creator, kind=kind)
    assert not look(*LISBON, wanted=wanted).rows


@pytest.mark.parametrize(
    "wanted",
    [
        DiscoverFilter(q="zzz"),
        DiscoverFilter(q="!"),
        DiscoverFilter(topic="kilns"),
        DiscoverFilter(languages=("fi",)),
        DiscoverFilter(min_price=1),
        DiscoverFilter(min_age=80),
        DiscoverFilter(online=True),
        DiscoverFilter(verified=True),
    ],
)
def test_every_filter_of_discovery_works_here(wanted):
    creator_at(*LISBON)
    assert look(*LISBON).rows
    assert not look(*LISBON, wanted=wanted).rows


@pytest.mark.parametrize("after", ["", "1-2-3", "x", "200000000000-1-1-1", "٣-٣-٣", "10000000000-99999999999999999-1"])
def test_a_foreign_cursor_breaks_nothing(after):
    creator_at(*LISBON)
    look(*LISBON, after=after)


@pytest.mark.parametrize(
    ("wanted", "most"), [(DiscoverFilter(), 5), (DiscoverFilter(max_price=10**6), 5)], ids=["all", "filtered"]
)
def test_it_costs_the_same_queries_for_n_and_2n(wanted, most):
    def count():
        with CaptureQueriesContext(connection) as queries:
            look(*LISBON, wanted=wanted)
        return len(queries)

    for n in range(4):
        creator_at(LISBON[0] + n / 10, LISBON[1])
    at_n = count()
    for n in range(4):
        creator_at(LISBON[0] + n / 10, LISBON[1])
    assert count() == at_n == most
