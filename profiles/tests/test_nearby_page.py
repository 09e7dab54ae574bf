"""The page and the API of nearby, and the part of the profile's form that says where one is; without scripts."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from rest_framework.test import APIClient

from pairly.testing.people import make_user
from pairly.testing.places import BERLIN, LISBON, MALMO, SPRINGFIELDS, load_a_few
from profiles import selectors, services
from profiles.cells import cell_of
from profiles.models import Profile
from profiles.types import Whereabouts
from users.models import Block

from .browsing import browser_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _cities():
    load_a_few()


def creator_in(city, *, name="Cleo", cell_km=5):
    user = make_user("creator", name=name)
    services.update_profile(user=user, location=Whereabouts(place_id=city.id, cell_km=cell_km))
    return user


def page_of(path, client=None):
    answer = (client or Client()).get(path)
    assert answer.status_code == 200
    return answer.content.decode()


# -- the page --------------------------------------------------------------------------------------------------


def test_a_visitor_types_a_city_and_sees_who_is_around_by_bucket():
    creator_in(LISBON)
    page = page_of("/nearby/?near=lisboa")
    assert "Around <bdi>Lisbon</bdi>" in page
    assert "Cleo" in page
    assert "Under 5 km" in page
    assert "Cleo" not in page_of("/nearby/?near=malmo")


def test_nobody_is_asked_for_and_nobody_is_shown_before_a_city_is_typed():
    creator_in(LISBON)
    page = page_of("/nearby/")
    assert "Type a city to look around it." in page
    assert "Cleo" not in page


def test_of_several_cities_the_visitor_chooses_one():
    creator_in(SPRINGFIELDS[1])
    page = page_of("/nearby/?near=springfield")
    links = re.findall(r'href="(/nearby/\?[^"]*)"[^>]*><bdi>(Springfield[^<]*)', page)
    assert [label for _link, label in links] == [
        "Springfield, Missouri, United States",
        "Springfield, Massachusetts, United States",
        "Springfield, Australia",
    ]
    chosen = page_of(links[1][0].replace("&amp;", "&"))
    assert "Cleo" in chosen
    assert 'value="Springfield, Massachusetts, United States"' in chosen


def test_one_who_says_where_they_are_looks_around_there():
    creator_in(LISBON)
    fan = make_user("fan")
    services.update_profile(user=fan, location=Whereabouts(place_id=LISBON.id))
    page = page_of("/nearby/?radius_km=50", browser_of(fan))
    assert "Around you" in page
    assert "Cleo" in page


def test_a_rounded_position_will_do():
    creator_in(LISBON)
    assert "Cleo" in page_of("/nearby/?near=&place=&lat=38.7&lon=-9.1&radius_km=25")


def test_a_block_hides_a_creator_here_too():
    creator, fan = creator_in(LISBON), make_user("fan")
    Block.objects.create(blocker=creator, blocked=fan)
    assert "Cleo" not in page_of("/nearby/?near=lisbon", browser_of(fan))


def test_a_city_that_nobody_knows_is_named_at_its_field():
    page = page_of("/nearby/?near=Atlantis")
    assert 'id="id_near_error"' in page
    assert 'value="Atlantis"' in page


@pytest.mark.parametrize(
    "query",
    [
        "near=%00", "near=" + "x" * 300, "place=abc", "place=99999999999999999999", "lat=91&lon=0", "lat=nan&lon=nan",
        "lat=1", "radius_km=7", "radius_km=abc", "after=x", "near=lisbon&after=1-1-1", "lat=1e400&lon=0", "place=-1",
    ],
)  # fmt: skip
def test_what_cannot_be_read_breaks_nothing(query):
    page_of(f"/nearby/?{query}")


def test_the_next_page_keeps_the_city_and_the_filter():
    for n in range(26):
        creator_in(LISBON, name=f"Ida {n}")
    first = page_of("/nearby/?near=lisbon&q=ida&radius_km=10")
    following = re.search(r'rel="next" href="([^"]*after=[^"]*)"', first)
    assert following
    second = page_of(following[1].replace("&amp;", "&"))
    assert (first.count('class="person"'), second.count('class="person"')) == (24, 2)


def test_the_page_alone_may_ask_the_browser_where_one_is():
    assert "geolocation=(self)" in Client().get("/nearby/").headers["Permissions-Policy"]
    assert "geolocation=()" in Client().get("/discover/").headers["Permissions-Policy"]


# -- the API ---------------------------------------------------------------------------------------------------


def test_the_api_gives_buckets_and_no_distances():
    creator_in(LISBON)
    rows = APIClient().get("/api/v1/discover/nearby?lat=38.72&lon=-9.15&radius_km=25").json()["results"]
    assert [(row["display_name"], row["distance_bucket"]) for row in rows] == [("Cleo", "0-5")]
    assert not [name for name in rows[0] if "distance" in name and name != "distance_bucket"]


def test_the_api_looks_around_a_city_or_the_own_place_and_says_when_it_has_neither():
    creator_in(LISBON)
    assert APIClient().get(f"/api/discover/nearby?place={LISBON.id}").json()["results"]
    fan, client = make_user("fan"), APIClient()
    client.force_authenticate(user=fan)
    refused = client.get("/api/v1/discover/nearby")
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "location_missing")
    services.update_profile(user=fan, location=Whereabouts(place_id=LISBON.id))
    assert client.get("/api/v1/discover/nearby").json()["results"]


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("lat=91&lon=0", 422), ("lat=1", 422), ("lat=nan&lon=0", 422), ("lat=x&lon=0", 422), ("place=1", 422),
        ("lat=0&lon=0&radius_km=101", 422), ("lat=0&lon=0&radius_km=0", 422), ("lat=0&lon=0&radius_km=nan", 422),
        ("lat=0&lon=0&cursor=x", 404), ("lat=0&lon=0&min_price=-1", 422), ("place=" + "9" * 30, 422),
    ],
)  # fmt: skip
def test_the_api_names_what_it_cannot_read(query, status):
    assert APIClient().get(f"/api/v1/discover/nearby?{query}").status_code == status


def test_the_api_goes_on_by_cursor():
    for _ in range(5):
        creator_in(LISBON)
    page = APIClient().get("/api/v1/discover/nearby?lat=38.7&lon=-9.1&limit=2").json()
    found = [row["user_id"] for row in page["results"]]
    while page["next"]:
        page = APIClient().get(page["next"]).json()
        found += [row["user_id"] for row in page["results"]]
    assert len(found) == len(set(found)) == 5


def test_the_api_lists_cities_by_how_they_begin():
    rows = APIClient().get("/api/v1/places?q=spring").json()
    assert rows[0] == {
        "id": SPRINGFIELDS[0].id,
        "name": "Springfield",
        "region": "Missouri",
        "country": "US",
        "country_name": "United States",
        "population": 170_188,
    }
    assert APIClient().get("/api/v1/places").status_code == 422
    assert APIClient().get("/api/v1/places?q=%00").status_code == 422


# -- the profile's form ----------------------------------------------------------------------------------------

FORM = {"display_name": "Ada", "bio": "", "price": "0", "reply_window_hours": "72"}


def save(browser, **fields):
    return browser.post("/profile/edit/", {**FORM, **{name: str(value) for name, value in fields.items()}})


def test_typing_a_city_without_a_script_places_one_in_it():
    user = make_user("creator")
    browser = browser_of(user)
    assert save(browser, near="malmö", place="", cell_km=5).status_code == 302
    profile = selectors.get_own_profile(user=user)
    assert (profile.place_id, profile.city, cell_of(id=profile.cell_id).size_km) == (MALMO.id, "Malmö", 5)
    page = page_of("/profile/edit/", browser)
    assert 'value="Malmö, Sweden"' in page
    assert re.search(r'name="cell_km" value="5"[^>]*checked', page)


def test_of_several_cities_the_form_asks_which_and_keeps_what_was_typed():
    user = make_user("creator")
    browser = browser_of(user)
    answer = save(browser, near="Springfield", place="", cell_km=20, bio="What I typed")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "What I typed" in page
    assert re.findall(r'type="radio" name="place" value="(\d+)"', page) == [str(city.id) for city in SPRINGFIELDS]
    assert save(browser, near="Springfield", place=SPRINGFIELDS[2].id, cell_km=20).status_code == 302
    assert selectors.get_own_profile(user=user).place_id == SPRINGFIELDS[2].id


def test_saving_the_form_again_moves_nobody():
    user = make_user("creator")
    browser = browser_of(user)
    save(browser, near="lisbon", cell_km=20)
    before = Profile.objects.filter(user=user).values().get()
    assert save(browser, near="Lisbon, Portugal", place=LISBON.id, cell_km=20).status_code == 302
    assert Profile.objects.filter(user=user).values().get() == before


def test_a_choice_of_another_city_that_is_left_over_is_forgotten():
    user = make_user("creator")
    save(browser_of(user), near="Berlin", place=LISBON.id, cell_km=20)
    assert selectors.get_own_profile(user=user).place_id == BERLIN.id


@pytest.mark.parametrize("fields", [{"near": "Lisbon, Portugal", "no_place": "on"}, {"near": ""}], ids=["box", "empty"])
def test_a_place_can_be_taken_away(fields):
    user = creator_in(LISBON)
    assert save(browser_of(user), cell_km=5, **fields).status_code == 302
    profile = selectors.get_own_profile(user=user)
    assert (profile.place_id, profile.cell_id, profile.city) == (None, None, "")


def test_a_point_of_an_app_stays_when_the_form_is_saved_without_a_city():
    user = make_user("creator")
    services.update_profile(user=user, location=Whereabouts(lat=38.7, lon=-9.1, cell_km=5))
    cell = selectors.get_own_profile(user=user).cell_id
    assert save(browser_of(user), near="", cell_km=5).status_code == 302
    assert selectors.get_own_profile(user=user).cell_id == cell
    assert save(browser_of(user), near="", cell_km=20).status_code == 302
    assert cell_of(id=selectors.get_own_profile(user=user).cell_id).size_km == 20
    refused = save(browser_of(user), near="", cell_km=1)
    assert refused.status_code == 422
    assert "we do not know it so closely" in refused.content.decode()


def test_an_unknown_city_is_named_at_its_field():
    answer = save(browser_of(make_user("creator")), near="Atlantis", cell_km=20)
    assert answer.status_code == 422
    assert 'id="id_near_error"' in answer.content.decode()


def test_who_moved_too_often_is_told_when_they_can_again():
    user = make_user("creator")
    for city in (LISBON, MALMO, BERLIN):
        services.update_profile(user=user, location=Whereabouts(place_id=city.id))
    answer = save(browser_of(user), near="lisbon", cell_km=20)
    assert answer.status_code == 429
    assert "You can change your place again on" in answer.content.decode()
