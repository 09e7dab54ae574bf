"""The benchmark of searches, on a crowd that is too small to say anything."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings

from pairly.benchmarks import scale, searches
from pairly.embedded import paths

SIZE = 300


@pytest.fixture
def var_dir(django_db_setup):
    yield settings.VAR_DIR
    with psycopg.connect(paths.database_url(settings.VAR_DIR, role="admin", name="postgres"), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS pairly_crowd_{SIZE} WITH (FORCE)")


@pytest.mark.prove
def test_every_search_is_answered_and_measured(var_dir):
    said = []
    found = scale.measure(var_dir=var_dir, profiles=SIZE, requests=2, say=said.append)
    assert list(found) == list(searches.list_searches(profiles=["x"]))
    assert all(len(times.empty) == len(times.large) == len(times.small) == 2 for times in found.values())
    assert all(any(found[name].rows) for name in ("discover newest", "prefix", "nearby, dense city, 5 km", "profile"))
    lines = scale.table(found, profiles=SIZE, requests=2)
    assert lines[-1].startswith("search_vs_empty ")
    assert len(lines) == 4 + len(found)


def test_a_search_asks_the_same_in_every_run():
    first, again = (searches.list_searches(profiles=["a", "b"]) for _ in range(2))
    for name, address in first.items():
        assert [address(number) for number in range(5)] == [again[name](number) for number in range(5)]


def test_ratios_are_of_medians_and_growth_is_of_the_slow_ones():
    times = scale.Times(empty=[1.0, 2.0, 9.0], large=[3.0, 4.0, 50.0], small=[4.0, 4.0, 4.0])
    assert times.ratio() == 2.0
    assert times.growth() == pytest.approx((4 + 0.9 * 46) / 4)
