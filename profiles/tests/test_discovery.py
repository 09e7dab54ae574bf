from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from pairly.testing.people import make_user
from profiles import discovery, selectors, services
from profiles.constants import SORTS
from profiles.filters import DiscoverFilter
from profiles.models import Listing
from users.models import Block, Restriction

from .browsing import browser_of

pytestmark = pytest.mark.django_db


def shown_to(user):
    page = discovery.get_creator_page(user=user, wanted=DiscoverFilter())
    return {profile.user_id for profile in page.rows}


PRICES = [0, 10_000, 10_000, 10_000, 20_000, 5_000, 0, 5_000_000]


def walk_pages(sort, size, wanted=None):
    """Every creator that fits, page by page."""
    seen, after = [], ""
    for _ in range(40):
        page = discovery.get_creator_page(
            user=None, wanted=wanted or DiscoverFilter(), sort=sort, after=after, size=size
        )
        seen += page.rows
        after = page.after
        if not after:
            return seen
    raise AssertionError("the pages do not end")


def columns_of(profile):
    listing = profile.listing
    return {
        "newest": (-profile.pk,),
        "price": (listing.price_centi, -profile.pk),
        "-price": (-listing.price_centi, profile.pk),
        "active": (-listing.active_at.timestamp(), -profile.pk),
        "answer": (-listing.answered_permille, -profile.pk),
    }


@pytest.mark.parametrize("sort", [name for name in SORTS if name != "best"])
@pytest.mark.parametrize("size", [1, 3, 8, 9])
@pytest.mark.parametrize("wanted", [DiscoverFilter(), DiscoverFilter(min_age=18), DiscoverFilter(q="creator")])
def test_pages_show_everybody_once_and_in_order(sort, size, wanted):
    now = timezone.now()
    for n, price in enumerate(PRICES):
        pk = make_user("creator", price_centi=price).profile.pk
        Listing.objects.filter(pk=pk).update(
            active_at=now - timedelta(microseconds=n // 3), answered_permille=[0, 900, 900, 1000][n % 4]
        )
    seen = walk_pages(sort, size, wanted)
    assert len(seen) == len({profile.pk for profile in seen}) == len(PRICES)
    assert seen == sorted(seen, key=lambda profile: columns_of(profile)[sort])


@pytest.mark.parametrize("size", [1, 2, 5, 20])
def test_pages_of_the_best_fit_show_everybody_once_the_closer_ones_first(size):
    expected = []
    for fields in ({"bio": "On clay"}, {"headline": "Clay"}, {"headline": "clay"}, {"topics": ["clay"]}):
        services.update_profile(user=make_user("creator", name="Somebody"), **fields)
    for _ in range(3):
        expected.append(make_user("creator", name="Clay").profile.pk)
    seen = [profile.pk for profile in walk_pages("best", size, DiscoverFilter(q="clay"))]
    assert len(seen) == len(set(seen)) == 7
    assert seen[:3] == expected[::-1]
    assert seen[-1] == min(seen)


def test_the_page_leads_to_the_next_one_and_keeps_the_filter():
    for n in range(26):
        make_user("creator", name=f"Ida {n}", price_centi=10_000)
    make_user("creator", name="Otto", price_centi=10_000)
    first = Client().get("/discover/?q=ida&max_price=100&sort=price").content.decode()
    following = re.search(r'href="/discover/(\?[^"]*after=[^"]*)"', first)
    assert following
    second = Client().get("/discover/" + following[1].replace("&amp;", "&")).content.decode()
    assert (first.count('class="person"'), second.count('class="person"')) == (24, 2)
    assert "Otto" not in first + second
    assert "after=" not in second


@pytest.mark.parametrize(
    "query",
    [
        "q=%00",
        "q=" + "x" * 500,
        "max_price=nan",
        "max_price=1e300",
        "max_price=-1",
        "max_price=abc",
        "sort=foreign",
        "after=%00",
        "after=9999999999-999999999999999999",
        "after=1-1;DROP",
        "after=٣-٣",
    ],
)
def test_what_cannot_be_read_is_left_out_and_breaks_nothing(query):
    make_user("creator", name="Cleo")
    answer = Client().get(f"/discover/?{query}")
    assert answer.status_code == 200


def test_an_unreadable_price_is_named_at_its_field():
    page = Client().get("/discover/?max_price=abc").content.decode()
    assert 'id="id_max_price_error"' in page
    assert 'value="abc"' in page


@pytest.mark.parametrize("query", ["sort=foreign", "min_price=-1", "max_price=x", "q=%00", "max_price=99999999999"])
def test_the_api_names_what_it_cannot_read(query):
    answer = APIClient().get(f"/api/v1/discover?{query}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["errors"][0]["pointer"].startswith("/")


def test_the_api_filters_by_price_and_sorts():
    for name, price in (("Free", 0), ("Mid", 10_000), ("Dear", 30_000)):
        make_user("creator", name=name, price_centi=price)

    def names(query):
        return [row["display_name"] for row in APIClient().get(f"/api/discover?{query}").json()["results"]]

    assert names("sort=price") == ["Free", "Mid", "Dear"]
    assert names("sort=-price&min_price=1") == ["Dear", "Mid"]
    assert names("max_price=10000&sort=") == ["Mid", "Free"]
    assert names("q=MID") == ["Mid"]
    assert names("q=%25") == []  # nothing to look for is found nowhere


def test_the_api_goes_on_by_cursor():
    for _ in range(5):
        make_user("creator")
    page = APIClient().get("/api/v1/discover?limit=2").json()
    found = [row["user_id"] for row in page["results"]]
    while page["next"]:
        page = APIClient().get(page["next"]).json()
        found += [row["user_id"] for row in page["results"]]
    assert len(found) == len(set(found)) == 5


def test_a_fan_is_never_listed_and_has_no_public_page():
    fan = make_user("fan")
    assert shown_to(None) == set()
    assert Client().get(f"/creators/{fan.uid}/").status_code == 404
    assert Client().get(f"/creators/{uuid.uuid4()}/").status_code == 404


@pytest.mark.parametrize("direction", ["blocker", "blocked"])
def test_a_block_hides_a_creator_behind_every_door(direction):
    creator, fan = make_user("creator", name="Cleo"), make_user("fan")
    blocker, blocked = (creator, fan) if direction == "blocker" else (fan, creator)
    Block.objects.create(blocker=blocker, blocked=blocked)
    browser, api = browser_of(fan), APIClient()
    api.force_authenticate(user=fan)
    assert "Cleo" not in browser.get("/discover/").content.decode()
    assert browser.get(f"/creators/{creator.uid}/").status_code == 404
    assert api.get("/api/v1/discover").json()["results"] == []
    refused = api.get(f"/api/v1/profiles/{creator.uid}")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")
    assert api.delete(f"/api/v1/profiles/{creator.uid}").status_code == 404


def test_a_restriction_that_is_over_or_lifted_hides_nobody():
    now = timezone.now()
    expired, lifted, muted, closed = (make_user("creator") for _ in range(4))
    Restriction.objects.create(user=expired, kind="hide", until=now - timedelta(seconds=1))
    Restriction.objects.create(user=lifted, kind="suspension", lifted_at=now)
    Restriction.objects.create(user=muted, kind="mute")
    closed.is_active = False
    closed.save(update_fields=["is_active"])
    assert shown_to(None) == {expired.pk, lifted.pk, muted.pk}


def test_who_is_hidden_still_sees_the_own_profile():
    creator = make_user("creator")
    Restriction.objects.create(user=creator, kind="hide")
    assert selectors.get_profile(user=creator, uid=creator.uid).user_id == creator.pk
    assert browser_of(creator).get(f"/creators/{creator.uid}/").status_code == 200


@pytest.mark.parametrize(
    ("path", "most"),
    [
        ("/discover/", 7),
        ("/api/v1/discover", 3),
        ("/api/v1/discover?min_age=18", 3),
        ("/api/v1/discover?q=creator&sort=newest", 3),
        ("/api/v1/discover?q=creator", 4),  # the candidates, and then their order
    ],
)
def test_discovery_costs_a_fan_the_same_queries_for_n_and_2n(path, most):
    browser = browser_of(make_user("fan"))

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(path).status_code == 200
        return len(queries)

    for _ in range(4):
        make_user("creator", price_centi=10_000)
    at_n = count()
    for _ in range(4):
        make_user("creator", price_centi=10_000)
    assert count() == at_n == most
