"""The grid of cells: what holds for every point on the globe."""

from __future__ import annotations

import random
from math import asin, atan2, cos, degrees, nextafter, radians, sin

import pytest
from django.db import connection
from hypothesis import example, given
from hypothesis import strategies as st

from profiles.cells import EARTH_KM, boxes_around, cell_at, cell_of, coarse_ids_around, distance_km
from profiles.constants import CELL_SIZES_KM

lats = st.floats(-90, 90)
lons = st.floats(-180, 180)
sizes = st.sampled_from(CELL_SIZES_KM)


def contains(cell, *, lat, lon):
    """Whether the cell is the one around the point, asked by its borders: half a cell from the centre, no more."""
    half_lat = 0.09 * cell.size_km / 20
    eastern = cell_at(lat=cell.lat, lon=cell.lon + 1e-9, size_km=cell.size_km)
    assert eastern == cell
    columns = 360 / width_degrees(cell)
    assert columns == pytest.approx(round(columns))
    aside = abs((lon - cell.lon + 180) % 360 - 180)
    return abs(lat - cell.lat) <= half_lat + 1e-9 and aside <= width_degrees(cell) / 2 + 1e-9


def width_degrees(cell):
    """From this centre to the next one eastwards, found by bisection of the border between them."""
    inside, outside = 0.0, 181.0 if cell_at(lat=cell.lat, lon=cell.lon + 181, size_km=cell.size_km) != cell else 360.0
    for _ in range(60):
        middle = (inside + outside) / 2
        if cell_at(lat=cell.lat, lon=cell.lon + middle, size_km=cell.size_km) == cell:
            inside = middle
        else:
            outside = middle
    return 2 * inside


@given(lat=lats, lon=lons, size=sizes)
@example(lat=90.0, lon=0.0, size=20)
@example(lat=-90.0, lon=-180.0, size=1)
@example(lat=0.0, lon=180.0, size=5)
def test_every_point_lies_in_its_cell(lat, lon, size):
    cell = cell_at(lat=lat, lon=lon, size_km=size)
    assert cell.size_km == size
    assert contains(cell, lat=lat, lon=lon)


@given(lat=lats, lon=lons, size=sizes)
def test_the_centre_of_a_cell_is_in_it_and_its_id_says_which_it_is(lat, lon, size):
    cell = cell_at(lat=lat, lon=lon, size_km=size)
    assert cell_at(lat=cell.lat, lon=cell.lon, size_km=size) == cell
    assert cell_of(id=cell.id) == cell
    assert -90 < cell.lat < 90
    assert -180 <= cell.lon <= 180


# Points on the very borders too, one float to either side: rounding must not put the sizes at odds.
borders = st.builds(
    lambda row, side: nextafter(row * 0.009 - 90, side) if side else row * 0.009 - 90,
    st.integers(1, 19_999),
    st.sampled_from([0, -1e9, 1e9]),
)


@given(lat=lats | borders, lon=lons)
def test_cells_of_1_km_lie_in_one_of_5_and_those_in_one_of_20(lat, lon):
    fine = cell_at(lat=lat, lon=lon, size_km=1)
    for size in (5, 20):
        assert cell_at(lat=fine.lat, lon=fine.lon, size_km=size) == cell_at(lat=lat, lon=lon, size_km=size)


@given(lat=lats | st.floats(89, 90), lon=lons, km=st.floats(0, 99), bearing=st.floats(0, 360), size=sizes)
def test_who_is_near_is_in_a_coarse_cell_that_is_near(lat, lon, km, bearing, size):
    to_lat, to_lon = gone(lat=lat, lon=lon, km=km, bearing=bearing)
    cell = cell_at(lat=to_lat, lon=to_lon, size_km=size)
    radius_km = distance_km(lat=lat, lon=lon, to_lat=cell.lat, to_lon=cell.lon)
    around = coarse_ids_around(lat=lat, lon=lon, radius_km=radius_km)
    assert cell_at(lat=cell.lat, lon=cell.lon, size_km=20).id in around
    assert cell_at(lat=lat, lon=lon, size_km=20).id in around
    assert len(around) == len(set(around)) < 500


@pytest.mark.django_db
def test_the_database_knows_in_which_coarse_cell_a_cell_lies():
    dice = random.Random(5)
    points = [(dice.uniform(-90, 90), dice.uniform(-180, 180)) for _ in range(300)] + [
        (90, 0),
        (-90, 180),
        (89.99, 179),
    ]
    cells = [cell_at(lat=lat, lon=lon, size_km=size) for lat, lon in points for size in CELL_SIZES_KM]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT array_agg(profiles_coarse_cell(id) ORDER BY place)"
            " FROM unnest(%s::bigint[]) WITH ORDINALITY _ (id, place)",
            [[cell.id for cell in cells]],
        )
        [found] = cursor.fetchone()
    assert found == [cell_at(lat=cell.lat, lon=cell.lon, size_km=20).id for cell in cells]


@given(lat=lats, lon=st.floats(-180, 180, exclude_max=True), size=sizes, turns=st.integers(-2, 2))
def test_a_longitude_may_go_round_the_globe(lat, lon, size, turns):
    there = cell_at(lat=lat, lon=lon, size_km=size)
    back = cell_at(lat=lat, lon=lon + 360 * turns, size_km=size)
    assert there == back or distance_km(lat=there.lat, lon=there.lon, to_lat=back.lat, to_lon=back.lon) < 2 * size


@given(lat=lats, size=sizes)
def test_the_antimeridian_is_one_line(lat, size):
    assert cell_at(lat=lat, lon=180, size_km=size) == cell_at(lat=lat, lon=-180, size_km=size)
    assert cell_at(lat=lat, lon=179.999999, size_km=size) != cell_at(lat=lat, lon=-180, size_km=size)


@given(lat=st.floats(-89, 89), lon=lons, size=sizes)
def test_a_cell_is_about_as_large_as_it_says(lat, lon, size):
    cell = cell_at(lat=lat, lon=lon, size_km=size)
    height = 180 / 1000 * size / 20 * 111.195
    width = width_degrees(cell) * 111.195 * cos(radians(cell.lat))
    assert height == pytest.approx(size, rel=0.01)
    assert width == pytest.approx(size, rel=0.12)


@pytest.mark.parametrize("lat", [90, -90, 89.95, -89.95])
def test_around_a_pole_there_are_three_large_cells(lat):
    assert len({cell_at(lat=lat, lon=lon, size_km=20) for lon in range(-180, 180)}) == 3


@pytest.mark.parametrize(("lat", "size"), [(90.001, 1), (-91, 5), (0, 2), (0, 0)])
def test_there_is_no_cell_beyond_the_poles_and_of_no_other_size(lat, size):
    with pytest.raises(ValueError, match="no such cell"):
        cell_at(lat=lat, lon=0, size_km=size)


@pytest.mark.parametrize("number", [0, -1, 2 * 10**10, 20 * 10**10 + 1000 * 10**5, 20 * 10**10 + 3, 10**18])
def test_an_id_of_no_cell_is_refused(number):
    with pytest.raises(ValueError, match="no such cell"):
        cell_of(id=number)


@given(lat=lats, lon=lons, radius=st.floats(0.1, 100), bearing=st.floats(0, 360), part=st.floats(0, 1))
@example(lat=0.0, lon=179.999, radius=50.0, bearing=90.0, part=1.0)
@example(lat=89.9, lon=10.0, radius=100.0, bearing=0.0, part=1.0)
@example(lat=-90.0, lon=0.0, radius=5.0, bearing=33.0, part=1.0)
@example(lat=66.0, lon=-179.9, radius=100.0, bearing=280.0, part=1.0)
def test_the_boxes_hold_every_point_of_the_circle(lat, lon, radius, bearing, part):
    to_lat, to_lon = gone(lat=lat, lon=lon, km=radius * part, bearing=bearing)
    found = [
        box
        for box in boxes_around(lat=lat, lon=lon, radius_km=radius)
        if box.south <= to_lat <= box.north and box.west <= to_lon <= box.east
    ]
    assert found


@given(lat=st.floats(-80, 80), lon=lons, radius=st.floats(1, 100))
def test_the_boxes_are_not_much_larger_than_the_circle(lat, lon, radius):
    boxes = boxes_around(lat=lat, lon=lon, radius_km=radius)
    wide = sum(box.east - box.west for box in boxes) * 111.195 * cos(radians(lat))
    assert wide == pytest.approx(2 * radius, rel=0.05)


def gone(*, lat, lon, km, bearing):
    """Where one comes to from a point by going `km` in the direction `bearing`, in degrees; on a sphere."""
    a, b, d = radians(lat), radians(bearing), km / EARTH_KM
    to_lat = asin(max(-1, min(1, sin(a) * cos(d) + cos(a) * sin(d) * cos(b))))
    to_lon = radians(lon) + atan2(sin(b) * sin(d) * cos(a), cos(d) - sin(a) * sin(to_lat))
    return degrees(to_lat), (degrees(to_lon) + 180) % 360 - 180
