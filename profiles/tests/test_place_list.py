from __future__ import annotations

import dataclasses
import os
import subprocess
import sys

import pytest
from django.conf import settings

from pairly.testing import databases
from pairly.testing.places import BERLIN, CITIES, LISBON, SPRINGFIELDS, load_a_few
from profiles.gateways.places import City
from profiles.models import Place, PlaceName
from profiles.place_selectors import find_place, list_places
from profiles.services.place_list import load_places


@pytest.mark.django_db
def test_loading_again_writes_nothing_and_loading_a_change_that_alone():
    assert load_places(cities=CITIES) == (len(CITIES), len(CITIES) + 3)
    assert load_places(cities=CITIES) == (0, 0)
    grown = dataclasses.replace(BERLIN, population=4_000_000, other_names=("Berlim",))
    assert load_places(cities=[grown]) == (1, 1)
    assert Place.objects.get(pk=BERLIN.id).population == 4_000_000
    assert Place.objects.count() == len(CITIES)  # what a list lacks stays


@pytest.mark.django_db
def test_progress_is_told_while_cities_are_read(monkeypatch):
    monkeypatch.setattr("profiles.services.place_list.STEP", 3)
    told: list[int] = []
    load_places(cities=CITIES, on_step=told.append)
    assert told == [3, 6]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("lisb", [LISBON]),
        ("LISBOA", [LISBON]),
        ("लिस्बन", [LISBON]),
        ("Lisbon, Portugal", [LISBON]),
        ("malmo", ["Malmö"]),
        ("Malmö", ["Malmö"]),
        ("springfield", list(SPRINGFIELDS)),
        ("l", []),
        ("", []),
        ("%", []),
        ("li%on", []),
        ("isbon", []),
    ],
)
def test_a_city_is_found_by_how_a_name_of_it_begins(typed, found):
    load_a_few()
    assert [one.name for one in list_places(q=typed)] == [one if isinstance(one, str) else one.name for one in found]


@pytest.mark.django_db
def test_the_whole_name_comes_before_a_larger_city_and_then_the_larger_one():
    def city(id, name, population):
        return City(id=id, name=name, country="XX", lat=0, lon=0, population=population)

    load_places(cities=[city(1, "Romero", 900), city(2, "Rome", 10), city(3, "Rome", 20)])
    assert [one.pk for one in list_places(q="rome")] == [3, 2, 1]


@pytest.mark.django_db
def test_a_city_is_found_by_its_number():
    load_a_few()
    place = find_place(id=LISBON.id)
    assert place is not None
    assert (place.name, place.country) == ("Lisbon", "PT")
    assert find_place(id=1) is None


@pytest.mark.prove
def test_the_whole_list_is_loaded_by_the_command(committed_db):
    env = {
        **databases.server_environment(settings.VAR_DIR, name=committed_db),
        "REDIS_URL": settings.REDIS_URL,
        "PATH": os.environ["PATH"],
    }
    command = [sys.executable, "manage.py", "load_places"]
    printed = subprocess.run(command, env=env, capture_output=True, text=True, check=True, cwd=databases.ROOT).stdout
    assert "60000 cities" in printed
    assert Place.objects.count() > 69_000
    assert PlaceName.objects.count() > 130_000
    assert {"Chicago", "Springfield"} <= set(Place.objects.filter(region="Illinois").values_list("name", flat=True))
    assert list_places(q="münch")[0].name == "Munich"
    assert [one.name for one in list_places(q="मुंबई")] == ["Mumbai"]
