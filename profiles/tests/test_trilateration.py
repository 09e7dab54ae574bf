"""An attack on somebody's home: thousands of questions to nearby, with decoys. It learns the cell and nothing more.

What proves it is not that one attack fails: whatever an attacker can compute comes from the answers, and all answers
to an adaptive attack are the same, byte for byte, wherever in the cell the target lives. So every point of the cell
is as likely after the attack as before. The control runs the same attack on exact points, and it arrives at the door.
"""

from __future__ import annotations

import json
import os
import random
from dataclasses import dataclass, field
from math import cos, hypot, radians

import pytest
from rest_framework.test import APIClient

from pairly.testing.people import make_user
from profiles import nearby, services
from profiles.cells import GridCell, cell_at, distance_km
from profiles.constants import BUCKETS_KM, CELL_SIZES_KM
from profiles.filters import DiscoverFilter
from profiles.models import Cell, Listing, Profile
from profiles.nearby import get_nearby_page, origin_of
from profiles.types import Whereabouts

from .test_cells import gone

pytestmark = pytest.mark.django_db

PROVE = bool(os.environ.get("PAIRLY_PROVE"))
QUESTIONS = 10_000 if PROVE else 160
HOME = (52.516_27, 13.377_7)  # about where somebody lives
KM = 111.195  # in a degree of latitude


def settle(user, *, lat, lon, cell_km):
    """Place somebody as if for the first time: the day's moves are forgotten."""
    Profile.objects.filter(user=user).update(moved_at=[])
    services.update_profile(user=user, location=None)
    services.update_profile(user=user, location=Whereabouts(lat=lat, lon=lon, cell_km=cell_km))


@dataclass
class Attack:
    """Asks `n` questions and keeps all answers; what it asks depends on what it was told.

    Knows about where the target is, owns decoys and moves them. `measured`: points from which the target was exactly
    so many km away, it believes.
    """

    target: int
    decoys: list
    n: int
    told: list[str] = field(default_factory=list)
    measured: list[tuple[float, float, float]] = field(default_factory=list)
    _dice: random.Random = field(default_factory=lambda: random.Random(20))

    def run(self):
        self.find_flips(until=self.n * 5 // 10)
        self.compare_with_decoys(until=self.n * 7 // 10)
        self.ask_from_anywhere(until=self.n)
        return self

    def ask(self, lat, lon, radius_km, **wanted):
        page = get_nearby_page(
            user=None,
            origin=nearby.origin_of(lat=lat, lon=lon),
            radius_km=radius_km,
            wanted=DiscoverFilter(**wanted),
            size=24,
        )
        rows = [(row.profile.user_id, row.bucket) for row in page.rows]
        self.told.append(json.dumps([rows, page.after]))
        return dict(rows)

    def find_flips(self, *, until):
        """Walk away from the target in a direction until it drops out of a radius, or into the next bucket, and halve
        the step down to some metres."""
        while len(self.told) < until:
            bearing = self._dice.uniform(0, 360)
            border, by_bucket = self._dice.choice(BUCKETS_KM), self._dice.random() < 0.5
            near, far = max(0.0, border - 30), border + 30.0
            sides = set()
            for _ in range(14):
                middle = (near + far) / 2
                lat, lon = gone(lat=HOME[0], lon=HOME[1], km=middle, bearing=bearing)
                found = self.ask(lat, lon, 100.0 if by_bucket and border < 100 else border)
                is_in = self.target in found and (
                    not by_bucket or border == 100 or found[self.target] <= BUCKETS_KM.index(border)
                )
                sides.add(is_in)
                near, far = (middle, far) if is_in else (near, middle)
            if len(sides) == 2:  # else there was no border to cross on this way
                self.measured.append((lat, lon, float(border)))

    def compare_with_decoys(self, *, until):
        """Put decoys to both sides and see which of the three comes first, closer and closer."""
        while len(self.told) < until:
            bearing, km = self._dice.uniform(0, 360), self._dice.uniform(0.2, 15)
            for decoy, turn in zip(self.decoys, (0, 180), strict=True):
                lat, lon = gone(lat=HOME[0], lon=HOME[1], km=km, bearing=bearing + turn)
                settle(decoy, lat=lat, lon=lon, cell_km=self._dice.choice(CELL_SIZES_KM))
            for _ in range(8):
                lat, lon = gone(lat=HOME[0], lon=HOME[1], km=self._dice.uniform(0, 20), bearing=bearing)
                self.ask(lat, lon, 50.0)

    def ask_from_anywhere(self, *, until):
        filters = [{}, {"max_price": 0}, {"q": "target"}, {"verified": True}, {"min_age": 30}]
        while len(self.told) < until:
            lat, lon = gone(lat=HOME[0], lon=HOME[1], km=self._dice.uniform(0, 110), bearing=self._dice.uniform(0, 360))
            self.ask(
                lat, lon, self._dice.choice([*BUCKETS_KM, self._dice.uniform(1, 100)]), **self._dice.choice(filters)
            )

    def locate(self):
        """The point that fits best with all that was measured: steps that become shorter, from a start nearby."""
        lat, lon, step = HOME[0] + 0.05, HOME[1] - 0.05, 8.0
        while step > 0.005:
            moves = [gone(lat=lat, lon=lon, km=step, bearing=bearing) for bearing in range(0, 360, 45)]
            best = min([(lat, lon), *moves], key=self._misfit)
            if best == (lat, lon):
                step /= 2
            lat, lon = best
        return lat, lon

    def _misfit(self, point):
        return sum(
            abs(distance_km(lat=point[0], lon=point[1], to_lat=lat, to_lon=lon) - km) for lat, lon, km in self.measured
        )


@pytest.fixture
def people():
    """The target and two decoys, and a crowd that stands about."""
    target = make_user("creator", name="Target", price_centi=0)
    decoys = [make_user("creator", name=f"Decoy {n}") for n in range(2)]
    dice = random.Random(3)
    for _ in range(6):
        lat, lon = gone(lat=HOME[0], lon=HOME[1], km=dice.uniform(0, 60), bearing=dice.uniform(0, 360))
        settle(make_user("creator"), lat=lat, lon=lon, cell_km=dice.choice(CELL_SIZES_KM))
    return target, decoys


def points_of(cell):
    """The centre of a cell and, nearly, two corners across from each other."""
    half_lat = cell.size_km * 0.009 / 2 * 0.999
    half_lon = half_lat / cos(radians(cell.lat)) * 0.98
    corners = [(1, 1), (-1, -1), (0, 0)]
    points = [(cell.lat + up * half_lat, cell.lon + right * half_lon) for up, right in corners]
    assert {cell_at(lat=lat, lon=lon, size_km=cell.size_km) for lat, lon in points} == {cell}
    return points


def attacks_on(cell, people, n):
    target, decoys = people
    for lat, lon in points_of(cell):
        for decoy in decoys:
            settle(decoy, lat=HOME[0] + 0.2, lon=HOME[1], cell_km=1)
        settle(target, lat=lat, lon=lon, cell_km=cell.size_km)
        yield (lat, lon), Attack(target=target.pk, decoys=decoys, n=n).run()


@pytest.mark.parametrize("size", CELL_SIZES_KM)
def test_all_answers_are_the_same_wherever_in_the_cell_the_target_is(size, people):
    cell = cell_at(lat=HOME[0], lon=HOME[1], size_km=size)
    n = QUESTIONS if size == 5 else QUESTIONS // 4
    runs = list(attacks_on(cell, people, n))
    answers = ["\n".join(attack.told).encode() for _point, attack in runs]
    assert len(runs[0][1].told) >= n
    assert len(set(runs[0][1].told)) > n // 20  # it was told many things
    assert len(set(answers)) == 1
    # So its best guess is one point for all of them, and for some of them it is as far off as the cell allows.
    guesses = {attack.locate() for _point, attack in runs}
    assert len(guesses) == 1
    guess = guesses.pop()
    worst = max(distance_km(lat=lat, lon=lon, to_lat=guess[0], to_lon=guess[1]) for (lat, lon), _attack in runs)
    assert worst > hypot(size, size) / 2 * 0.95


def test_with_exact_points_the_same_attack_finds_the_door(people, monkeypatch):
    """The control: neither the target nor the attacker is put into a cell."""
    target, decoys = people
    monkeypatch.setattr(nearby, "origin_of", lambda *, lat, lon: GridCell(id=1, size_km=1, lat=lat, lon=lon))
    monkeypatch.setattr(nearby, "_cells_around", lambda origin: [])
    for lat, lon in points_of(cell_at(lat=HOME[0], lon=HOME[1], size_km=5))[:2]:
        settle(target, lat=lat, lon=lon, cell_km=5)
        Cell.objects.filter(pk=Listing.objects.get(user_id=target.pk).cell_id).update(lat=lat, lon=lon)
        guess = Attack(target=target.pk, decoys=decoys, n=160).run().locate()
        assert distance_km(lat=lat, lon=lon, to_lat=guess[0], to_lon=guess[1]) < 0.1


def test_the_answers_of_the_api_are_the_same_too(people):
    target, _decoys = people
    cell = cell_at(lat=HOME[0], lon=HOME[1], size_km=5)
    answers = []
    for lat, lon in points_of(cell):
        settle(target, lat=lat, lon=lon, cell_km=5)
        dice, told = random.Random(4), b""
        for _ in range(12 if PROVE else 4):
            to_lat, to_lon = gone(lat=HOME[0], lon=HOME[1], km=dice.uniform(0, 60), bearing=dice.uniform(0, 360))
            told += APIClient().get(f"/api/v1/discover/nearby?lat={to_lat}&lon={to_lon}&radius_km=50").content
        answers.append(told)
    assert b"Target" in answers[0]
    assert len(set(answers)) == 1


def test_an_attacker_who_moves_less_than_a_cell_is_told_the_same(people):
    target, _decoys = people
    settle(target, lat=HOME[0], lon=HOME[1], cell_km=1)
    mine = origin_of(lat=HOME[0] + 0.3, lon=HOME[1])
    for up in (-0.0044, 0, 0.0044):
        assert origin_of(lat=mine.lat + up, lon=mine.lon + up) == mine
