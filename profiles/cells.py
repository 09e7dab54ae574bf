"""The grid in which people are: cells of 20, 5 and 1 km, each size lying wholly in one cell of the next.

Nested, because somebody who changes the size must not give away where the cells of two sizes overlap. The grid is
fixed and public; a point is turned into its cell once, on its way in, and forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, cos, degrees, floor, radians, sin, sqrt, tau

from .constants import CELL_SIZES_KM

EARTH_KM = 6371.0088  # mean radius, IUGG
_BANDS = 1000  # of 0.18 degrees, 20.015 km
_BAND = 180 / _BANDS
_COARSEST = 20  # km; a cell of it has as many rows and columns of the finest size, which is 1 km
_ROWS, _COLUMNS = 10**10, 10**5


@dataclass(frozen=True, kw_only=True, slots=True)
class GridCell:
    """One cell: its id (`models.Cell`), size, and centre in degrees."""

    id: int
    size_km: int
    lat: float
    lon: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Box:
    """Degrees of latitude and longitude, edges included; never across the antimeridian."""

    south: float
    north: float
    west: float
    east: float


_NOWHERE = Box(south=-91, north=-91, west=0, east=0)


def cell_at(*, lat: float, lon: float, size_km: int) -> GridCell:
    """The cell of `size_km` (of CELL_SIZES_KM) around a point in degrees; a longitude may go round the globe.

    Raises ValueError for a size there is not and a latitude beyond a pole.
    """
    if size_km not in CELL_SIZES_KM or not -90 <= lat <= 90:
        raise ValueError("no such cell")
    # Counted in the finest cells for every size: where rounding decides, it decides for all sizes alike.
    row = min(floor((lat + 90) / _BAND * _COARSEST), _BANDS * _COARSEST - 1)
    columns = _n_columns(row // _COARSEST) * _COARSEST
    column = min(floor(((lon + 180) % 360) / 360 * columns), columns - 1)
    return _cell(size_km=size_km, row=row // size_km, column=column // size_km)


def cell_of(*, id: int) -> GridCell:
    """The cell with this id. Raises ValueError for the id of none."""
    size_km, place = divmod(id, _ROWS)
    row, column = divmod(place, _COLUMNS)
    if size_km not in CELL_SIZES_KM:
        raise ValueError("no such cell")
    parts = _COARSEST // size_km
    if row >= _BANDS * parts or column >= _n_columns(row // parts) * parts:
        raise ValueError("no such cell")
    return _cell(size_km=size_km, row=row, column=column)


def distance_km(*, lat: float, lon: float, to_lat: float, to_lon: float) -> float:
    """The way over the globe between two points in degrees (haversine), within 0.6 % of the ellipsoid's."""
    a, b = radians(lat), radians(to_lat)
    half = sin((b - a) / 2) ** 2 + cos(a) * cos(b) * sin(radians(to_lon - lon) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(half)))


def coarse_ids_around(*, lat: float, lon: float, radius_km: float) -> list[int]:
    """The cells of 20 km in which every cell lies whose centre is within `radius_km` of a point in degrees, and some
    more: for 100 km about 130 of them, near a pole up to some 400.
    """
    ids = []
    for box in boxes_around(lat=lat, lon=lon, radius_km=radius_km):
        if box == _NOWHERE:
            continue
        south, north = (min(floor((edge + 90) / _BAND), _BANDS - 1) for edge in (box.south, box.north))
        for row in range(south, north + 1):
            columns = _n_columns(row)
            west, east = (min(floor((edge + 180) / 360 * columns), columns - 1) for edge in (box.west, box.east))
            ids += [_COARSEST * _ROWS + row * _COLUMNS + column for column in range(west, east + 1)]
    return ids


def boxes_around(*, lat: float, lon: float, radius_km: float) -> tuple[Box, Box]:
    """Two boxes that hold every point within `radius_km` of a point in degrees.

    One holds nothing but where the antimeridian cuts the circle. Around a pole every longitude is near.
    """
    reach = radius_km / EARTH_KM + 1e-7  # 0.6 m more than asked: rounding takes nobody away
    south, north = lat - degrees(reach), lat + degrees(reach)
    if south <= -90 or north >= 90:
        return Box(south=max(south, -90), north=min(north, 90), west=-180, east=180), _NOWHERE
    aside = degrees(asin(sin(reach) / cos(radians(lat))))  # where meridians touch the circle, poleward of its middle
    west, east = lon - aside, lon + aside
    if west < -180:
        return _box(south, north, -180, east), _box(south, north, west + 360, 180)
    if east > 180:
        return _box(south, north, west, 180), _box(south, north, -180, east - 360)
    return _box(south, north, west, east), _NOWHERE


def _box(south: float, north: float, west: float, east: float) -> Box:
    return Box(south=south, north=north, west=west, east=east)


def _cell(*, size_km: int, row: int, column: int) -> GridCell:
    parts = _COARSEST // size_km
    columns = _n_columns(row // parts) * parts
    return GridCell(
        id=size_km * _ROWS + row * _COLUMNS + column,
        size_km=size_km,
        lat=(row + 0.5) * _BAND / parts - 90,
        lon=(column + 0.5) * 360 / columns - 180,
    )


def _n_columns(band: int) -> int:
    """Of cells of 20 km in a band, so many that they are about square; three around a pole."""
    middle = radians((band + 0.5) * _BAND - 90)
    return max(1, round(tau * EARTH_KM * cos(middle) / _COARSEST))
