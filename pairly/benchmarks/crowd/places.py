"""Where the people of a crowd live: cities by their population, one city that is dense, and the ends of the grid."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from math import cos, radians, sqrt
from random import Random

from profiles.gateways.places import City as ListedCity
from profiles.gateways.places import read_cities

# Of 1,000 people in a row: so many live in DENSE, on either side of the 180th meridian, near a pole.
OF_THOUSAND_DENSE, OF_THOUSAND_SEAM, OF_THOUSAND_POLE = 30, 4, 3
MIN_POPULATION = 15_000


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """A city or station; `id` is GeoNames' number, None where there is none. `spread_km`: how far people live apart."""

    id: int | None
    name: str
    country: str
    lat: float
    lon: float
    population: int
    spread_km: float
    region: str = ""


def _city(name: str, country: str, lat: float, lon: float, spread_km: float = 4) -> City:
    return City(id=None, name=name, country=country, lat=lat, lon=lon, population=0, spread_km=spread_km)


# 1,000,000 people are 30,000 here, most of them within 5 km.
DENSE_ID = 2643743  # London
SEAM = (
    _city("Somosomo", "FJ", -16.77, -179.97, 12),  # Taveuni: the 180th meridian crosses it
    _city("Suva", "FJ", -18.14, 178.44, 20),
    _city("Nukuʻalofa", "TO", -21.14, -175.20, 10),
    _city("Anadyr", "RU", 64.73, 177.50, 15),
    _city("Egvekinot", "RU", 66.32, -179.12, 25),
    _city("Ushakovskoye", "RU", 71.22, -179.40, 25),
)
POLES = (
    _city("Longyearbyen", "SJ", 78.22, 15.65, 8),
    _city("Ny-Ålesund", "SJ", 78.92, 11.93, 5),
    _city("Alert", "CA", 82.50, -62.35, 10),
    _city("Barneo", "", 89.90, 40.0, 20),
    _city("McMurdo Station", "AQ", -77.85, 166.67, 5),
    _city("Vostok", "AQ", -78.46, 106.84, 5),
    _city("Amundsen–Scott", "AQ", -89.99, 0.0, 3),
)


class Atlas:
    """All larger cities of the product's list, drawn by population."""

    def __init__(self) -> None:
        found = (_city_of(city) for city in read_cities() if city.population >= MIN_POPULATION)
        self.cities = sorted(found, key=lambda city: (-city.population, city.id or 0))
        self.dense = next(city for city in self.cities if city.id == DENSE_ID)
        self._sums = list(accumulate(city.population for city in self.cities))

    def home(self, rng: Random, number: int) -> City:
        """Where the person with this number lives; which thousandth of the crowd they are decides the special ones."""
        slot = number % 1000
        if slot < OF_THOUSAND_SEAM:
            return rng.choice(SEAM)
        if slot < OF_THOUSAND_SEAM + OF_THOUSAND_POLE:
            return rng.choice(POLES)
        if slot < OF_THOUSAND_SEAM + OF_THOUSAND_POLE + OF_THOUSAND_DENSE:
            return self.dense
        return self.cities[bisect(self._sums, rng.random() * self._sums[-1])]


@cache
def atlas() -> Atlas:
    """Read once a process: a second."""
    return Atlas()


def around(rng: Random, city: City) -> tuple[float, float]:
    """A point (degrees) around the city's centre."""
    north_km, east_km = rng.gauss(0, city.spread_km), rng.gauss(0, city.spread_km)
    lat = max(-90.0, min(90.0, city.lat + north_km / 111.2))
    return lat, city.lon + east_km / (111.2 * max(cos(radians(city.lat)), 0.01))


def _city_of(city: ListedCity) -> City:
    return City(
        id=city.id,
        name=city.name,
        country=city.country,
        lat=city.lat,
        lon=city.lon,
        population=city.population,
        spread_km=3.5 if city.id == DENSE_ID else min(12.0, 1 + sqrt(city.population) / 300),
        region=city.region,
    )
