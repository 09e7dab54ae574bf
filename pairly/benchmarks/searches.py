"""The searches that are measured, by name. Each gives another address for each number, the same in every run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from urllib.parse import urlencode

from .crowd import places, words

Address = Callable[[int], str]
EMPTY = "api/v1/bench/empty"  # `product_urls.AuthenticatedEmptyView`
DISCOVER, NEARBY, PROFILES = "/api/v1/discover", "/api/v1/discover/nearby", "/api/v1/profiles"
_FREQUENT_TOPICS, _LANGUAGES = words.TOPICS[:8], words.LANGUAGES[:6]


def list_searches(*, profiles: Sequence[str]) -> dict[str, Address]:
    """Name to address; `profiles` are the public ids of those whose profile is looked at."""
    return {
        "discover newest": _discover(lambda rng: {}),
        "price with a range": _discover(_price_range),
        "verified, language": _discover(lambda rng: {"verified": "true", "language": rng.choice(_LANGUAGES)}),
        "prefix": _discover(lambda rng: {"q": "ma"}),
        "prefix, two words": _discover(lambda rng: {"q": _name(rng)}),
        "rare topic": _discover(lambda rng: {"topic": rng.choice(words.TOPICS[-300:])}),
        "combined filters": _discover(_combined),
        "online, active": _discover(lambda rng: {"online": "true", "sort": "active"}),
        "likely to answer": _discover(lambda rng: {"sort": "answer"}),
        "nearby, dense city, 5 km": _nearby(lambda rng: places.atlas().dense, 5, lambda rng: {}),
        "nearby, 25 km": _nearby(lambda rng: rng.choice(places.atlas().cities[:300]), 25, lambda rng: {}),
        "nearby, 25 km, filters": _nearby(lambda rng: places.atlas().dense, 25, _filters),
        "nearby, 100 km": _nearby(lambda rng: rng.choice(places.atlas().cities[:300]), 100, lambda rng: {}),
        "nearby, antimeridian": _nearby(lambda rng: rng.choice(places.SEAM), 100, lambda rng: {}),
        "nearby, pole": _nearby(lambda rng: rng.choice(places.POLES), 100, lambda rng: {}),
        "profile": lambda number: f"{PROFILES}/{profiles[number % len(profiles)]}",
    }


def _rng(number: int) -> Random:
    return Random(number)  # noqa: S311 - it hides nothing


def _discover(query_of: Callable[[Random], dict[str, object]]) -> Address:
    return lambda number: f"{DISCOVER}?{urlencode({'limit': 24, **query_of(_rng(number))})}"


def _nearby(
    middle_of: Callable[[Random], places.City], radius_km: int, query_of: Callable[[Random], dict[str, object]]
) -> Address:
    def address(number: int) -> str:
        rng = _rng(number)
        lat, lon = places.around(rng, middle_of(rng))
        where = {"lat": round(lat, 5), "lon": round((lon + 180) % 360 - 180, 5), "radius_km": radius_km}
        return f"{NEARBY}?{urlencode({'limit': 24, **where, **query_of(rng)})}"

    return address


def _name(rng: Random) -> str:
    """How somebody begins to type a name, frequent or rare."""
    given, family = (words.pick(rng, ranked) for ranked in words.NAMES["Latn"])
    return f"{given[:3]} {family[:3]}"


def _price_range(rng: Random) -> dict[str, object]:
    low = rng.randrange(50, 300) * 100
    return {"min_price": low, "max_price": low + 5_000, "sort": "price"}


def _combined(rng: Random) -> dict[str, object]:
    youngest = rng.randint(18, 40)
    return {
        "language": rng.choice(_LANGUAGES),
        "min_age": youngest,
        "max_age": youngest + 10,
        "max_price": rng.randrange(100, 400) * 100,
        "verified": "true",
    }


def _filters(rng: Random) -> dict[str, object]:
    return {"topic": rng.choice(_FREQUENT_TOPICS), "verified": "true", "max_price": 30_000}
