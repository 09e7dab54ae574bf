"""Filling a database with a crowd, batch by batch; each batch is one transaction, so that what is there is whole."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from pairly.common.sql import close_connections
from profiles.folding import fold
from profiles.models import Cell, Place
from users.models import User

from . import people, places, tables, words

BATCH = 5_000
_RESERVE = "SELECT min(v), max(v) FROM (SELECT nextval(pg_get_serial_sequence(%s, 'id')) v FROM generate_series(1, %s))"
# A crash may lose the last batch, not half of one; a larger pending list makes the GIN index cheaper to fill.
_SESSION = "SET LOCAL synchronous_commit = off; SET LOCAL gin_pending_list_limit = '64MB'"
_TABLES = (
    "users_user", "users_restriction", "profiles_profile", "profiles_listing", "profiles_presence",
    "profiles_responsefacts", "profiles_picture", "profiles_cell", "profiles_place",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Crowd:
    """Which crowd: the first `size` people of `seed`, as of `now` (UTC). The larger holds the smaller.

    `pictures`: rows of portraits, whose files there are not. `accounts`: with ledger accounts, six rows a person.
    """

    size: int
    seed: int
    now: datetime
    pictures: bool = False
    accounts: bool = False


def count_strangers() -> int:
    """Accounts that no benchmark and no demo made: those of people."""
    rows = User.objects.all()
    for domain in ("invalid", "demo.pairly.example"):
        rows = rows.exclude(email__endswith=f".{domain}").exclude(email__endswith=f"@{domain}")
    return rows.count()


def count_people(*, seed: int) -> int:
    """How many of a seed's people are there."""
    return User.objects.filter(email__endswith=people.email_of(seed=seed, number=0)[2:]).count()


def fill(crowd: Crowd) -> Iterator[int]:
    """Add who is missing of the crowd; yields after each batch how many are there. Needs the tables' owner.

    Stopped in between, it leaves whole people, and the next call goes on.
    """
    _check_words()
    close_connections()  # a connection must not be shared across a fork
    context = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(max_workers=1, mp_context=context, initializer=_ignore_interrupts) as worker:
        waiting: list[tuple[int, Future[tables.Batch]]] = []
        for start in range(0, crowd.size, BATCH):
            waiting.append((min(start + BATCH, crowd.size), _submit(worker, crowd, start)))
            if len(waiting) > 2:
                yield _finish(crowd, *waiting.pop(0))
        for end, batch in waiting:
            yield _finish(crowd, end, batch)


def analyze() -> None:
    """Tell the planner and clean up what COPY left; outside a transaction. Needs the tables' owner."""
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '256MB'")
        cursor.execute(f"VACUUM (ANALYZE) {', '.join(_TABLES)}")
        cursor.execute("RESET maintenance_work_mem")


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the whole group; the command ends its worker


def _submit(worker: ProcessPoolExecutor, crowd: Crowd, start: int) -> Future[tables.Batch]:
    numbers = _missing(crowd, range(start, min(start + BATCH, crowd.size)))
    first_user, first_profile = (_reserve(name, len(numbers)) for name in ("users_user", "profiles_profile"))
    return worker.submit(_render, crowd, numbers, first_user, first_profile)


def _render(crowd: Crowd, numbers: Sequence[int], first_user: int, first_profile: int) -> tables.Batch:
    made = [people.make_person(seed=crowd.seed, number=number, now=crowd.now) for number in numbers]
    return tables.render(
        people=made, first_user=first_user, first_profile=first_profile, pictures=crowd.pictures, now=crowd.now
    )


def _missing(crowd: Crowd, numbers: range) -> list[int]:
    emails = {number: people.email_of(seed=crowd.seed, number=number) for number in numbers}
    there = set(User.objects.filter(email__in=emails.values()).values_list("email", flat=True))
    return [number for number, email in emails.items() if email not in there]


def _reserve(table: str, n: int) -> int:
    """The first of `n` ids in a row."""
    if not n:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_RESERVE, [table, n])
        first, last = cursor.fetchone()
        if last - first == n - 1:
            return int(first)
    return _reserve(table, n)  # somebody else signed up in between: ids that are left out do no harm


@transaction.atomic
def _finish(crowd: Crowd, end: int, rendered: Future[tables.Batch]) -> int:
    batch = rendered.result()
    if not batch.texts[tables.USERS]:
        return end
    with connection.cursor() as cursor:
        cursor.execute(_SESSION)
        _ensure_places(batch)
        cursor.execute("ALTER TABLE profiles_profile DISABLE TRIGGER profiles_profile_inserted")
        for target, text in batch.texts.items():
            with cursor.copy(f"COPY {target} FROM STDIN") as copy:
                copy.write(text)
        cursor.execute(tables.LISTINGS, [tables.MIN_PAID, batch.profiles.start, batch.profiles.stop])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # the table cannot change while checks are due
        cursor.execute("ALTER TABLE profiles_profile ENABLE TRIGGER profiles_profile_inserted")
        if crowd.accounts:
            _open_accounts(cursor, batch)
    return end


def _open_accounts(cursor: Any, batch: tables.Batch) -> None:
    cursor.execute(
        "SELECT count(credits_open_accounts(u.id, u.role = 'creator', %s)) FROM users_user u"
        " WHERE u.id >= %s AND u.id < %s",
        [settings.UNVERIFIED_DAILY_CAP_CENTI, batch.users.start, batch.users.stop],
    )


def _check_words() -> None:
    names = chain.from_iterable(chain.from_iterable(words.NAMES.values()))
    cities = (city.name for city in (*places.atlas().cities, *places.SEAM, *places.POLES))
    tables.require_plain([names, cities, words.TOPICS, words.BIOS, words.LANGUAGES])


def _ensure_places(batch: tables.Batch) -> None:
    """The cells and cities in which the people of the batch are."""
    Cell.objects.bulk_create(
        [Cell(id=one.id, size_km=one.size_km, lat=one.lat, lon=one.lon) for one in batch.cells.values()],
        ignore_conflicts=True,
    )
    Place.objects.bulk_create(
        [
            Place(
                id=number, name=city.name, folded=fold(city.name), country=city.country, region=city.region,
                lat=city.lat, lon=city.lon, population=city.population,
            )
            for number, city in batch.cities.items()
        ],
        ignore_conflicts=True,
    )  # fmt: skip
