"""Nearby: creators around a point, by the distance of their cells. It reads cells and never knew a point.

Where somebody looks from is put into its own cell of 1 km first, so that nothing can be measured by moving it less.
Distances are those to the cells' centres, none to a cell that one is in, told as one of BUCKETS_KM. Cells are looked
through ring by ring from the middle, and in each cell, along an index, only as many people as the page needs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import cos, radians
from typing import Any, Generic, TypeVar

from django.db import connection
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput
from users.models import User

from .cards import Card, list_cards, list_in_order
from .cells import EARTH_KM, GridCell, boxes_around, cell_at, cell_of, coarse_ids_around, distance_km
from .constants import BUCKETS_KM, CELL_SIZES_KM
from .filters import UNITED_PLACE, DiscoverFilter, Walk, indexed_of, list_conditions, near_query, words_of
from .models import Place, Profile
from .visibility import visible_sql

# Rings that are looked through one after the other: their outer borders in km. In a city the first one is enough.
RINGS_KM = (5, 25, 100)
# As in discovery: rows that every filtered search looks at first, and how much further than expected a walk goes.
SAMPLE = 200
MARGIN = 1.5
# As many rows are walked as cost what gathering one costs: both lie anywhere in the table.
GATHERED_ROW = 1.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


Shown = TypeVar("Shown", Profile, Card)


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour(Generic[Shown]):
    """A creator and how far away they are: the index of a bucket of BUCKETS_KM."""

    profile: Shown
    bucket: int


@dataclass(frozen=True, kw_only=True, slots=True)
class NearbyPage(Generic[Shown]):
    """One page of neighbours; `after` continues it, "" at the end."""

    rows: list[Neighbour[Shown]]
    after: str = ""


@dataclass(frozen=True, slots=True)
class _Spot:
    """Where a row stands: in which cell, and there by the hour of the last activity and the id."""

    cell: int
    active_us: int
    pk: int

    @property
    def active_at(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self.active_us)

    def __str__(self) -> str:
        return f"{self.cell}-{self.active_us}-{self.pk}"


def origin_of(*, lat: float, lon: float) -> GridCell:
    """The cell of 1 km that stands for every point in it. Raises ValueError for a latitude beyond a pole."""
    return cell_at(lat=lat, lon=lon, size_km=1)


def _cells_around(origin: GridCell) -> list[int]:
    """The cells of all sizes that hold the origin: who is in one of them may be next door."""
    return [cell_at(lat=origin.lat, lon=origin.lon, size_km=size).id for size in CELL_SIZES_KM]


def find_own_origin(*, user: User | None) -> GridCell | None:
    """Where somebody looks from who says in their profile where they are."""
    profile = Profile.objects.filter(user=user, cell__isnull=False).only("cell_id").first() if user else None
    if profile is None or profile.cell_id is None:
        return None
    cell = cell_of(id=profile.cell_id)
    return origin_of(lat=cell.lat, lon=cell.lon)


def get_origin(*, user: User | None, lat: float | None, lon: float | None, place_id: int | None) -> GridCell:
    """Where somebody looks from: a point in degrees, else a city of the list, else their own place.

    Raises InvalidInput: an unknown city, or nothing of all that.
    """
    if lat is not None and lon is not None:
        return origin_of(lat=lat, lon=lon)
    if place_id is not None:
        place = Place.objects.filter(pk=place_id).first()
        if place is None:
            raise _refused("place", "unknown", _("Choose a city from the list."))
        return origin_of(lat=place.lat, lon=place.lon)
    origin = find_own_origin(user=user)
    if origin is None:
        raise _refused("lat", "location_missing", _("Say around which point or city."))
    return origin


def _refused(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": f"/{name}", "code": code, "detail": detail}])


def is_place(*, after: str) -> bool:
    """Whether `after` continues a page."""
    return _spot_of(after) is not None


def get_nearby_page(
    *,
    user: User | None,
    origin: GridCell,
    radius_km: float,
    wanted: DiscoverFilter | None = None,
    after: str = "",
    size: int = 24,
) -> NearbyPage[Profile]:
    """Creators whom `user` (None: anyone) may see and whose cell holds the origin, or has its centre within
    `radius_km` (at most 100) of it: the nearest cell first, in a cell the latest active first. From the cursor
    `after` of the page before; a foreign one is ignored. Asks at most four queries for who they are, with a filter
    that few fit a few more, and two for the profiles.
    """
    found = _find(user, origin, radius_km, wanted or DiscoverFilter(), after, size + 1)
    return _page(found, size, list_in_order(ids=[spot.pk for spot, _metres in found[:size]]))


def get_nearby_cards(
    *,
    user: User | None,
    origin: GridCell,
    radius_km: float,
    wanted: DiscoverFilter | None = None,
    after: str = "",
    size: int = 24,
) -> NearbyPage[Card]:
    """`get_nearby_page` with cards for profiles: one query less."""
    found = _find(user, origin, radius_km, wanted or DiscoverFilter(), after, size + 1)
    return _page(found, size, list_cards(ids=[spot.pk for spot, _metres in found[:size]]))


def _find(
    user: User | None, origin: GridCell, radius_km: float, wanted: DiscoverFilter, after: str, n: int
) -> list[_Found]:
    if wanted.q.strip() and not words_of(text=wanted.q):
        return []
    return _Search(user=user, origin=origin, radius_km=radius_km, wanted=wanted, after=_spot_of(after)).find(n)


def _page(found: list[_Found], size: int, shown: list[Shown]) -> NearbyPage[Shown]:
    by_id = {one.pk: one for one in shown}
    rows = [
        Neighbour(profile=by_id[spot.pk], bucket=_bucket(metres)) for spot, metres in found[:size] if spot.pk in by_id
    ]
    return NearbyPage(rows=rows, after=str(found[size - 1][0]) if len(found) > size else "")


def _bucket(metres: int) -> int:
    return next((n for n, km in enumerate(BUCKETS_KM) if metres < km * 1000), len(BUCKETS_KM) - 1)


def _spot_of(after: str) -> _Spot | None:
    read = re.fullmatch(r"([0-9]{1,13})-([0-9]{1,17})-([0-9]{1,18})", after, re.ASCII)
    if read is None:
        return None
    spot = _Spot(int(read[1]), int(read[2]), int(read[3]))
    try:
        cell_of(id=spot.cell)
    except ValueError:
        return None
    return spot


_Found = tuple[_Spot, int]  # and the metres to its cell's centre


class _TooFew(Exception):
    """Hardly anybody who was looked at fits; `rare` are the parts of the filter to gather by."""

    def __init__(self, rare: list[int]) -> None:
        self.rare = rare


# Haversine in whole metres, so that an order by it is one that a cursor can go on with.
_METRES = f"""CASE WHEN id = ANY(%(here)s::bigint[]) THEN 0 ELSE
    round({2_000 * EARTH_KM} * asin(least(1, sqrt(
    power(sin(radians(lat - %(lat)s) / 2), 2)
    + %(cos_lat)s * cos(radians(lat)) * power(sin(radians(lon - %(lon)s) / 2), 2)))))::integer END"""
_AFTER_CELL = f"SELECT id, {_METRES} AS metres FROM profiles_cell WHERE id = %(after_cell)s"  # noqa: S608 - no values
_BEYOND_IT = f"(metres, id) > (SELECT metres, id FROM ({_AFTER_CELL}) it)"  # noqa: S608 - as above
_IN_BOXES = """(point(lon, lat) <@ box(point(%(west_0)s, %(south_0)s), point(%(east_0)s, %(north_0)s))
    OR point(lon, lat) <@ box(point(%(west_1)s, %(south_1)s), point(%(east_1)s, %(north_1)s))
    OR id = ANY(%(here)s::bigint[]))"""
_NEAR = "words @@ %(near)s::tsquery"
_LATEST_FIRST = "active_at DESC, profile_id DESC"
_BEFORE_IT = "(active_at, profile_id) < (%(after_at)s, %(after_pk)s)"


class _Search:
    """The listings that fit a filter around an origin, nearest first, after a place in that order."""

    def __init__(
        self, *, user: User | None, origin: GridCell, radius_km: float, wanted: DiscoverFilter, after: _Spot | None
    ) -> None:
        conditions, params = list_conditions(wanted=wanted)
        self._here = _cells_around(origin)
        self._fits = " AND ".join(sql for _about, sql in conditions)
        self._is_verified = wanted.verified
        # COALESCE: who is verified is a lexeme as well, and no other index has to name them all.
        self._fits_besides = [f"COALESCE({sql}, FALSE)" for about, sql in conditions if about != "words"]
        self._indexed, more = indexed_of(wanted=wanted)
        self._origin, self._radius_km, self._after = origin, min(radius_km, BUCKETS_KM[-1]), after
        self._params: dict[str, Any] = {
            **params,
            **more,
            "viewer": user.pk if user else None,
            "here": self._here,
            "lat": origin.lat,
            "lon": origin.lon,
            "cos_lat": cos(radians(origin.lat)),
        }
        if after is not None:
            self._params |= {"after_cell": after.cell, "after_at": after.active_at, "after_pk": after.pk}

    def find(self, n: int) -> list[_Found]:
        """The first n, or all when they are fewer."""
        look = self._walk if self._fits else self._take
        found: list[_Found] = []
        try:
            for cells, params in self._regions():
                found += look(cells, params, n - len(found))
                if len(found) == n:
                    break
        except _TooFew as met:
            return self._gather(n, met.rare)
        return found

    # -- which cells ------------------------------------------------------------------------------------------

    def _regions(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """What to look through, in this order: SQL that gives `id` and `metres` of cells, and parameters for it."""
        reached_km = 0.0
        if self._after is not None:
            yield _AFTER_CELL, {"is_rest": True}
            reached_km = self._km_to(cell_of(id=self._after.cell))
        inner = 0.0
        for ring in RINGS_KM:
            outer = min(ring, self._radius_km)
            if reached_km <= outer + 0.01 and inner < outer:
                yield self._ring(inner_km=inner, outer_km=outer)
            inner = outer

    def _km_to(self, cell: GridCell) -> float:
        if cell.id in self._here:
            return 0.0
        return distance_km(lat=cell.lat, lon=cell.lon, to_lat=self._origin.lat, to_lon=self._origin.lon)

    def _ring(self, *, inner_km: float, outer_km: float) -> tuple[str, dict[str, Any]]:
        """Beyond the inner border, up to the outer one and on it."""
        beyond = f"AND {_BEYOND_IT}" if self._after else ""
        sql = f"""
            SELECT id, metres FROM (SELECT id, {_METRES} AS metres FROM profiles_cell WHERE {_IN_BOXES}) around
             WHERE metres > %(inner_m)s AND metres <= %(outer_m)s {beyond} ORDER BY metres, id"""  # noqa: S608 - of our own pieces, values are parameters
        inner_m = round(inner_km * 1000) if inner_km else -1
        return sql, {**self._boxes(outer_km), "inner_m": inner_m, "outer_m": round(outer_km * 1000)}

    def _boxes(self, radius_km: float) -> dict[str, float]:
        boxes = boxes_around(lat=self._origin.lat, lon=self._origin.lon, radius_km=radius_km + 0.001)
        sides = ("west", "south", "east", "north")
        return {f"{side}_{n}": getattr(box, side) for n, box in enumerate(boxes) for side in sides}

    # -- who is in them ---------------------------------------------------------------------------------------

    def _take(self, cells: str, params: dict[str, Any], n: int) -> list[_Found]:
        """The first n, when everybody fits. Cells are read in the order of the materialised list: what stands beside
        LATERAL is looked up for one after the other, until the limit is reached."""
        sql = f"""
            WITH near AS MATERIALIZED ({cells})
            SELECT near.id, near.metres, found.active_at, found.profile_id
              FROM near CROSS JOIN LATERAL (
                SELECT active_at, profile_id FROM profiles_listing l
                 WHERE {_in_cell(params)} AND is_shown AND {visible_sql(column="l.user_id")}
                 ORDER BY cell_id, {_LATEST_FIRST} LIMIT %(n)s) found
             LIMIT %(n)s"""  # noqa: S608 - as above
        return [_as_found(*row) for row in self._run(sql, params, n=n)]

    def _walk(self, cells: str, params: dict[str, Any], n: int) -> list[_Found]:
        """The first n of those who fit. Raises _TooFew when it is shorter to gather all of them around here."""
        most = SAMPLE
        while True:
            found, met = self._walk_past(cells, params, n, most)
            if len(found) == n or met.n_walked < most:
                return found
            further = int(MARGIN * n * most / max(len(found), 0.5))
            rare = met.rare_parts()
            if further > GATHERED_ROW * self._n_to_gather(rare):
                raise _TooFew(rare)
            most = further

    def _walk_past(self, cells: str, params: dict[str, Any], n: int, most: int) -> tuple[list[_Found], Walk]:
        """The first n who fit among the first `most`, and what was met."""
        sql = f"""
            WITH near AS MATERIALIZED ({cells}),
            walked AS MATERIALIZED (
                SELECT near.id, near.metres, one.* FROM near CROSS JOIN LATERAL (
                    SELECT active_at, profile_id, user_id, ({self._fits}) AS fits, {self._indexed.columns()}
                      FROM profiles_listing
                     WHERE {_in_cell(params)} AND is_shown
                     ORDER BY cell_id, {_LATEST_FIRST} LIMIT %(most)s) one
                 LIMIT %(most)s)
            SELECT id, metres, active_at, profile_id, NULL, NULL, NULL, NULL, NULL, NULL FROM (
                SELECT id, metres, active_at, profile_id FROM walked l
                 WHERE fits AND {visible_sql(column="l.user_id")}
                 ORDER BY metres, id, {_LATEST_FIRST} LIMIT %(n)s) found
            UNION ALL
            SELECT NULL, NULL, NULL, NULL, {self._indexed.counts()} FROM walked"""  # noqa: S608 - as above
        rows = self._run(sql, params, n=n, most=most)
        found = [_as_found(*row[:4]) for row in rows if row[0] is not None]
        return sorted(found, key=_order), next(Walk(*row[4:]) for row in rows if row[0] is None)

    def _n_to_gather(self, rare: list[int]) -> float:
        """What a gathering by these parts would cost, in rows that are fetched: as the planner's statistics of words
        have it, and with what the index goes through."""
        [[plan]] = self._run(
            f"""EXPLAIN (FORMAT JSON) SELECT FROM profiles_listing WHERE {_NEAR}
                UNION ALL SELECT FROM profiles_listing WHERE {self._gathered_by(rare)}""",  # noqa: S608 - as above
            self._near(),
        )
        [near, fitting] = (json.loads(plan) if isinstance(plan, str) else plan)[0]["Plan"]["Plans"]
        return float(fitting["Plan Rows"] + UNITED_PLACE * near["Plan Rows"])

    def _gathered_by(self, rare: list[int]) -> str:
        """What the index of words answers: who is in a cell of 20 km that meets the circle, and fits the words."""
        verified = " AND words @@ '''#verified'''::tsquery" if self._is_verified else ""
        return f"{_NEAR} AND {self._indexed.by(rare)}{verified}"

    def _near(self) -> dict[str, Any]:
        ids = coarse_ids_around(lat=self._origin.lat, lon=self._origin.lon, radius_km=self._radius_km)
        return {"near": near_query(cells=ids)}

    def _gather(self, n: int, rare: list[int]) -> list[_Found]:
        """All around here who fit, by the index of words, and of these the first n."""
        beyond = "TRUE"
        if self._after is not None:
            beyond = f"{_BEYOND_IT} OR id = %(after_cell)s AND {_BEFORE_IT}"
        sql = f"""
            WITH fitting AS MATERIALIZED (
                SELECT cell_id, active_at, profile_id, user_id FROM profiles_listing
                 WHERE {" AND ".join(["is_shown", self._gathered_by(rare), *self._fits_besides])}),
            placed AS MATERIALIZED (
                SELECT id, {_METRES} AS metres, active_at, profile_id, user_id
                  FROM fitting JOIN profiles_cell ON id = cell_id WHERE {_IN_BOXES})
            SELECT id, metres, active_at, profile_id FROM placed l
             WHERE metres <= %(outer_m)s AND ({beyond}) AND {visible_sql(column="l.user_id")}
             ORDER BY metres, id, {_LATEST_FIRST} LIMIT %(n)s"""  # noqa: S608 - as above
        params = {**self._boxes(self._radius_km), **self._near(), "outer_m": round(self._radius_km * 1000)}
        return [_as_found(*row) for row in self._run(sql, params, n=n)]

    def _run(self, sql: str, params: dict[str, Any], **limits: int) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, {**self._params, **params, **limits})
            rows: list[tuple[Any, ...]] = cursor.fetchall()
            return rows


def _in_cell(params: dict[str, Any]) -> str:
    """Who is in a cell; of the cursor's own one only who comes after it.

    As a range of one cell: told that it is one, the planner reckons with an average cell, for which sorting all its
    people is as good as reading the first along the index, and does that to a city of 30,000 as well.
    """
    if params.get("is_rest"):
        return f"cell_id = %(after_cell)s AND {_BEFORE_IT}"
    return "cell_id BETWEEN near.id AND near.id"


def _as_found(cell: int, metres: int, active_at: datetime, pk: int) -> _Found:
    return _Spot(cell, (active_at - _EPOCH) // timedelta(microseconds=1), pk), metres


def _order(found: _Found) -> tuple[int, int, int, int]:
    spot, metres = found
    return metres, spot.cell, -spot.active_us, -spot.pk
