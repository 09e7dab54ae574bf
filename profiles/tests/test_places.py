"""Where somebody is: what is kept of it, how often it changes, and what nobody ever sees."""

from __future__ import annotations

import io
import json
import logging
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone
from rest_framework.test import APIClient

from pairly.common.problems import InvalidInput
from pairly.testing.people import make_user
from pairly.testing.places import BERLIN, LISBON, MALMO, load_a_few
from profiles import selectors, services
from profiles.cells import cell_at, cell_of
from profiles.constants import PLACE_CHANGES_A_DAY
from profiles.errors import MovedTooOften
from profiles.models import Cell, Listing, Profile
from profiles.services import privacy
from profiles.types import Whereabouts
from users.tests.helpers import Meeting, at_once

HOME = (38.713_171_3, -9.133_424_7)  # lat, lon of somebody's door


NAMED = {"display_name": "Ada"}


def api_of(user):
    client = APIClient()
    client.force_authenticate(user=user)
    return client


def at(lat, lon, cell_km=None):
    return Whereabouts(lat=lat, lon=lon, cell_km=cell_km)


def place(user, where):
    return services.update_profile(user=user, location=where)


def row_of(user):
    """The whole row as it is stored, but for nothing."""
    return Profile.objects.filter(user=user).values().get()


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 5, 20])
def test_of_a_point_only_the_cell_is_kept(size):
    user = make_user("creator")
    profile = place(user, at(*HOME, size))
    cell = cell_at(lat=HOME[0], lon=HOME[1], size_km=size)
    assert profile.cell_id == cell.id
    stored = Cell.objects.get()
    assert (stored.id, stored.size_km, stored.lat, stored.lon) == (cell.id, size, cell.lat, cell.lon)
    assert Listing.objects.get(user_id=user.pk).cell_id == cell.id


@pytest.mark.django_db
def test_without_a_size_the_largest_is_taken_and_then_kept():
    user = make_user("creator")
    assert cell_of(id=place(user, at(*HOME)).cell_id).size_km == 20
    assert cell_of(id=place(user, at(*HOME, 5)).cell_id).size_km == 5
    assert cell_of(id=place(user, at(48.2, 16.4)).cell_id).size_km == 5


@pytest.mark.django_db
def test_a_city_brings_its_name_and_country_and_is_found_by_them():
    load_a_few()
    user = make_user("creator")
    profile = place(user, Whereabouts(place_id=MALMO.id))
    assert (profile.place_id, profile.city, profile.country) == (MALMO.id, "Malmö", "SE")
    assert profile.search_texts[3] == "malmo sweden"
    assert profile.cell_id == cell_at(lat=MALMO.lat, lon=MALMO.lon, size_km=20).id


@pytest.mark.django_db
def test_who_leaves_a_city_for_a_point_leaves_its_name_and_keeps_a_name_of_their_own():
    load_a_few()
    user = make_user("creator")
    place(user, Whereabouts(place_id=MALMO.id))
    profile = place(user, at(*HOME))
    assert (profile.place_id, profile.city, profile.country) == (None, "", "")
    other = make_user("creator")
    services.update_profile(user=other, city="Almada", country="PT")
    assert place(other, at(*HOME)).city == "Almada"


@pytest.mark.django_db
@pytest.mark.parametrize("size", [1, 5, 20])
def test_moving_inside_the_own_cell_changes_nothing_at_all(size):
    user = make_user("creator")
    place(user, at(*HOME, size))
    cell = cell_of(id=row_of(user)["cell_id"])
    before, tag = row_of(user), api_of(user).get("/api/v1/profiles").headers["ETag"]
    listed = Listing.objects.filter(user_id=user.pk).values().get()
    degree = 0.009 * size / 2 * 0.98
    for lat, lon in [(1, 1), (1, -1), (-1, 1), (-1, -1), (0, 0)]:
        place(user, at(cell.lat + lat * degree, cell.lon + lon * degree))
        place(user, at(cell.lat + lat * degree, cell.lon + lon * degree, size))
    assert row_of(user) == before
    assert api_of(user).get("/api/v1/profiles").headers["ETag"] == tag
    assert Listing.objects.filter(user_id=user.pk).values().get() == listed


@pytest.mark.django_db
def test_an_app_that_sends_the_whole_profile_with_every_step_changes_nothing_either():
    user = make_user("creator")
    body = {"display_name": "Ada", "bio": "Hello", "cell_km": 5}
    steps = [{"type": "Point", "coordinates": [HOME[1] + n / 10_000, HOME[0]]} for n in range(3)]
    client = api_of(user)
    tags = [client.put("/api/v1/profiles", {**body, "location": one}, format="json").headers["ETag"] for one in steps]
    assert len(set(tags)) == 1
    assert len(row_of(user)["moved_at"]) == 1


@pytest.mark.django_db
def test_so_many_moves_a_day_and_no_more_and_then_it_says_when():
    user = make_user("creator")
    for n in range(PLACE_CHANGES_A_DAY):
        place(user, at(10 + n, 20))
    before = row_of(user)
    with pytest.raises(MovedTooOften) as refused:
        place(user, at(50, 20))
    assert row_of(user) == before
    possible_at = min(before["moved_at"]) + timedelta(hours=24)
    assert refused.value.extra["possible_at"] == possible_at.isoformat()
    assert 86_000 < refused.value.retry_after_s <= 86_400
    place(user, at(10 + PLACE_CHANGES_A_DAY - 1, 20))  # where they are already
    Profile.objects.filter(user=user).update(moved_at=[one - timedelta(hours=24) for one in before["moved_at"]])
    assert place(user, at(50, 20)).cell_id == cell_at(lat=50, lon=20, size_km=20).id
    assert len(row_of(user)["moved_at"]) == 1


@pytest.mark.django_db
def test_a_place_can_always_be_taken_away_and_the_moves_stay_counted():
    load_a_few()
    user = make_user("creator")
    for one in (LISBON, MALMO, BERLIN):
        place(user, Whereabouts(place_id=one.id))
    profile = place(user, None)
    assert (profile.place_id, profile.cell_id, profile.city, profile.country) == (None, None, "", "")
    assert Listing.objects.get(user_id=user.pk).cell_id is None
    with pytest.raises(MovedTooOften):
        place(user, Whereabouts(place_id=LISBON.id))


@pytest.mark.django_db
def test_a_larger_cell_around_the_same_place_is_always_to_be_had_and_a_smaller_one_counts():
    load_a_few()
    user = make_user("creator")
    place(user, Whereabouts(place_id=LISBON.id, cell_km=1))
    profile = place(user, Whereabouts(cell_km=20))
    assert profile.cell_id == cell_at(lat=LISBON.lat, lon=LISBON.lon, size_km=20).id
    assert len(profile.moved_at) == 1
    assert len(place(user, Whereabouts(cell_km=5)).moved_at) == 2
    assert len(place(user, Whereabouts(cell_km=1)).moved_at) == 3
    assert place(user, Whereabouts(cell_km=20)).cell_id == profile.cell_id
    with pytest.raises(MovedTooOften):
        place(user, Whereabouts(cell_km=1))


@pytest.mark.django_db
def test_a_point_that_was_forgotten_can_be_hidden_further_and_not_be_found_again():
    user = make_user("creator")
    place(user, at(*HOME, 5))
    assert place(user, Whereabouts(cell_km=20)).cell_id == cell_at(lat=HOME[0], lon=HOME[1], size_km=20).id
    with pytest.raises(InvalidInput) as refused:
        place(user, Whereabouts(cell_km=1))
    assert [(row["pointer"], row["code"]) for row in refused.value.errors or []] == [("/cell_km", "location_missing")]


def race(n):
    """Thirty moves of one person at once, each to another cell; how many were made."""
    user = make_user("creator")

    def move(number):
        try:
            place(user, at(number, number))
            return 1
        except MovedTooOften:
            return 0

    return sum(at_once(n, move)), len(row_of(user)["moved_at"])


def test_of_thirty_moves_at_once_as_many_are_made_as_a_day_allows(committed_db):
    assert race(30) == (PLACE_CHANGES_A_DAY, PLACE_CHANGES_A_DAY)


def test_without_the_lock_more_of_them_would_be_made(committed_db, monkeypatch):
    have_read, locked = Meeting(PLACE_CHANGES_A_DAY + 1), selectors.get_own_profile

    def read(*, user, for_update):
        found = locked(user=user)
        have_read.wait()
        return found

    monkeypatch.setattr(selectors, "get_own_profile", read)
    assert race(30)[0] > PLACE_CHANGES_A_DAY


# -- the API ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_api_takes_a_geojson_point_and_shows_its_owner_alone_the_centre_of_the_cell():
    user = make_user("creator")
    body = {**NAMED, "location": {"type": "Point", "coordinates": [HOME[1], HOME[0], 12.5]}, "cell_km": 5}
    mine = api_of(user).put("/api/v1/profiles", body, format="json").json()
    cell = cell_at(lat=HOME[0], lon=HOME[1], size_km=5)
    assert mine["location"] == {"type": "Point", "coordinates": [round(cell.lon, 6), round(cell.lat, 6)]}
    assert (mine["cell_km"], mine["place_id"]) == (5, None)
    theirs = api_of(make_user("fan")).get(f"/api/v1/profiles/{user.uid}").json()
    assert not {"location", "cell_km", "place_id"} & set(theirs)


@pytest.mark.django_db
def test_the_api_takes_the_number_of_a_city_and_null_takes_it_away():
    load_a_few()
    client = api_of(make_user("creator"))
    put = client.put("/api/v1/profiles", {**NAMED, "location": LISBON.id, "cell_km": 1}, format="json").json()
    assert (put["place_id"], put["cell_km"], put["city"], put["country"]) == (LISBON.id, 1, "Lisbon", "PT")
    gone = client.put("/api/v1/profiles", {**NAMED, "location": None}, format="json").json()
    assert (gone["location"], gone["cell_km"], gone["place_id"], gone["city"]) == (None, None, None, "")
    client.delete("/api/v1/profiles")
    made = client.post("/api/v1/profiles", {"display_name": "A", "location": LISBON.id}, format="json").json()
    assert (made["place_id"], made["cell_km"]) == (LISBON.id, 20)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "given",
    [
        [1, 2],
        "Lisbon",
        True,
        -5,
        0,
        2**70,
        1.5,
        {},
        {"type": "point", "coordinates": [1, 2]},
        {"type": "Point"},
        {"type": "Point", "coordinates": [77.123_456]},
        {"type": "Point", "coordinates": [1, 91.5]},
        {"type": "Point", "coordinates": [180.5, 1]},
        {"type": "Point", "coordinates": ["77.123456", "1"]},
        {"type": "Point", "coordinates": [True, False]},
        {"type": "Point", "coordinates": [None, 77.123_456]},
        {"type": "Point", "coordinates": [1, 2, 3, 77.123_456]},
        {"type": "Point", "coordinates": [[1, 2]]},
        {"type": "Polygon", "coordinates": [[[1, 2]]]},
    ],
)
def test_what_is_no_point_and_no_city_is_refused_and_not_repeated(given):
    answer = api_of(make_user("creator")).put("/api/v1/profiles", {**NAMED, "location": given}, format="json")
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/location")
    assert "77.1" not in answer.content.decode()


@pytest.mark.django_db
def test_numbers_that_json_does_not_have_are_refused():
    for text in ("NaN", "1e999", "-Infinity"):
        body = '{"location": {"type": "Point", "coordinates": [TEXT, 1]}}'.replace("TEXT", text)
        answer = api_of(make_user("creator")).put("/api/v1/profiles", body, content_type="application/json")
        assert answer.status_code in (400, 422)


@pytest.mark.django_db
def test_an_unknown_city_and_a_size_there_is_not_are_refused_at_their_fields():
    client = api_of(make_user("creator"))
    for body, pointer in [({"location": 1}, "/location"), ({"cell_km": 2}, "/cell_km"), ({"cell_km": 5}, "/cell_km")]:
        answer = client.put("/api/v1/profiles", {**NAMED, **body}, format="json")
        assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, pointer)


@pytest.mark.django_db
def test_the_api_says_when_one_may_move_again():
    user = make_user("creator")
    Profile.objects.filter(user=user).update(moved_at=[timezone.now()] * PLACE_CHANGES_A_DAY)
    body = {**NAMED, "location": {"type": "Point", "coordinates": [HOME[1], HOME[0]]}}
    answer = api_of(user).put("/api/v1/profiles", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (429, "moved_too_often")
    assert answer.json()["possible_at"]
    assert int(answer.headers["Retry-After"]) > 86_000


@pytest.mark.django_db
def test_the_point_is_in_no_table_no_log_and_no_answer(caplog):
    caplog.set_level(logging.DEBUG)
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger().addHandler(handler)
    try:
        user = make_user("creator")
        body = {**NAMED, "location": {"type": "Point", "coordinates": [HOME[1], HOME[0]]}, "cell_km": 1}
        answers = [api_of(user).put("/api/v1/profiles", body, format="json"), api_of(user).get("/api/v1/profiles")]
        refused = {**NAMED, "location": {"type": "Point", "coordinates": [HOME[1], HOME[0] + 100]}}
        answers.append(api_of(user).put("/api/v1/profiles", refused, format="json"))
    finally:
        logging.getLogger().removeHandler(handler)
    said = stream.getvalue() + caplog.text + json.dumps([one.json() for one in answers]) + repr(at(*HOME)) + dump()
    for digits in ("38.7131", "138.713", "9.13342", "9.1334247"):
        assert digits not in said, digits


def dump():
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
            " AND has_table_privilege(oid, 'SELECT')"
        )
        tables = [row[0] for row in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [row[0] for row in cursor.fetchall()]
    return "\n".join(rows)


# -- the copy of one's data, and the end of it -------------------------------------------------------------------


@pytest.mark.django_db
def test_the_copy_of_ones_data_has_the_square_and_the_moves():
    class Copy:
        def __init__(self):
            self.documents = {}

        def document(self, name, content):
            self.documents[name] = content

        def rows(self, name, rows):
            self.documents[name] = list(rows)

    load_a_few()
    user, copy = make_user("creator"), Copy()
    profile = place(user, Whereabouts(place_id=LISBON.id, cell_km=5))
    privacy.export(user=user, out=copy)
    kept = copy.documents["profile/profile"]["place"]
    cell = cell_of(id=profile.cell_id)
    assert kept["city"] == "Lisbon, Portugal"
    assert kept["square"] == {"size_km": 5, "middle_lat": cell.lat, "middle_lon": cell.lon}
    assert kept["moved_at"] == profile.moved_at
    privacy.erase(user=user)
    assert not Profile.objects.filter(user=user).exists()
    assert not Listing.objects.filter(user_id=user.pk).exists()
