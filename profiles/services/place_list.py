"""The list of cities, written by `manage.py load_places` and by nobody else."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.db import connection, transaction

from ..folding import fold
from ..gateways.places import City

_LONGEST = 200  # characters of a name
STEP = 5_000

_STAGES = """
CREATE TEMPORARY TABLE new_place (LIKE profiles_place);
CREATE TEMPORARY TABLE new_name (place_id bigint, folded varchar(200));
"""
_COPY_PLACES = "COPY new_place (id, name, folded, region, country, lat, lon, population) FROM STDIN"
_COPY_NAMES = "COPY new_name (place_id, folded) FROM STDIN"
# Cities that the list no longer has stay: somebody may live there.
_MERGE_PLACES = """
INSERT INTO profiles_place AS p (id, name, folded, region, country, lat, lon, population)
SELECT id, name, folded, region, country, lat, lon, population FROM new_place
ON CONFLICT (id) DO UPDATE SET name = excluded.name, folded = excluded.folded, region = excluded.region,
    country = excluded.country, lat = excluded.lat, lon = excluded.lon, population = excluded.population
WHERE (p.name, p.folded, p.region, p.country, p.lat, p.lon, p.population)
    IS DISTINCT FROM (excluded.name, excluded.folded, excluded.region, excluded.country, excluded.lat,
        excluded.lon, excluded.population)
"""
_MERGE_NAMES = """
INSERT INTO profiles_placename (place_id, folded) SELECT place_id, folded FROM new_name ON CONFLICT DO NOTHING
"""


@transaction.atomic
def load_places(*, cities: Iterable[City], on_step: Callable[[int], object] = lambda _: None) -> tuple[int, int]:
    """Write cities and their names, and leave what is so already; gives how many of each were new or changed.

    `on_step` is told every STEP cities how many were read.
    """
    names: list[tuple[int, str]] = []
    with connection.cursor() as cursor:
        cursor.execute(_STAGES)
        with cursor.copy(_COPY_PLACES) as copy:
            for n, city in enumerate(cities, start=1):
                folded = fold(city.name)[:_LONGEST]
                copy.write_row(
                    (city.id, city.name, folded, city.region, city.country, city.lat, city.lon, city.population)
                )
                others = {fold(name)[:_LONGEST] for name in city.other_names} - {"", folded}
                names += [(city.id, folded), *((city.id, name) for name in sorted(others))]
                if n % STEP == 0:
                    on_step(n)
        with cursor.copy(_COPY_NAMES) as copy:
            for row in names:
                copy.write_row(row)
        cursor.execute(_MERGE_PLACES)
        n_places = cursor.rowcount
        cursor.execute(_MERGE_NAMES)
        n_names = cursor.rowcount
        cursor.execute("DROP TABLE new_place, new_name")  # there may be another load in this transaction
        return n_places, n_names
