"""Discovery: the creators that somebody may see, filtered, in an order, page by page.

It reads `profiles_listing`, one narrow row a creator, and only then the profiles of the page. What many fit is found
on a walk along the order's own index, what few fit through the index of the words. Which of the two reads fewer rows
is estimated from what the walk's beginning met.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, NamedTuple, TypeVar

from django.db import connection

from users.models import User

from .cards import Card, list_cards, list_in_order
from .filters import (
    RUN,
    UNITED_PLACE,
    DiscoverFilter,
    Walk,
    indexed_of,
    list_conditions,
    run_query,
    text_query,
    words_of,
)
from .models import Profile
from .visibility import visible_sql

__all__ = ["CreatorPage", "DiscoverFilter", "get_creator_page", "is_place", "sort_of"]

# Rows that every filtered search looks at first.
SAMPLE = 300
# A walk goes so much further than it is expected to need.
MARGIN = 1.5
# A row that is gathered is fetched from anywhere: it costs as much as so many that are walked ...
GATHERED_ROW = 1.0
# ... and as so many more where the walk follows the order in which rows lie in the table.
IN_TABLE_ORDER = 8
# Runs of ids that are asked for by name, at most.
MOST_RUNS = 64
# How many of those who fit, the newest ones, "best" puts in order. Not the latest active: these lie all over the table.
CANDIDATES = 100


Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True, slots=True)
class CreatorPage(Generic[Row]):
    """One page of creators; `after` continues it, "" at the end."""

    rows: list[Row]
    after: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Order:
    """Two columns that an index has in this order, both in one direction: so a place is a row comparison."""

    first: str
    second: str
    is_descending: bool

    def by(self) -> str:
        way = "DESC" if self.is_descending else "ASC"
        return f"{self.first} {way}, {self.second} {way}"

    def beyond(self) -> str:
        sign = "<" if self.is_descending else ">"
        return f"({self.first}, {self.second}) {sign} (%(first)s, %(second)s)"


_NEWEST_WITHIN_PRICE = "(profile_id * -1)"
_ORDERS = {
    "newest": _Order(first="profile_id", second="profile_id", is_descending=True),
    "price": _Order(first="price_centi", second=_NEWEST_WITHIN_PRICE, is_descending=False),
    "-price": _Order(first="price_centi", second=_NEWEST_WITHIN_PRICE, is_descending=True),
    "active": _Order(first="active_at", second="profile_id", is_descending=True),
    "answer": _Order(first="answered_permille", second="profile_id", is_descending=True),
}
_RANKED = _Order(first="ranked.rank", second="ranked.profile_id", is_descending=True)
# Not for the primary key: it would name half of all.
_BELOW = "COALESCE(profile_id < %(below)s, FALSE)"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sort_of(*, wanted: DiscoverFilter, sort: str = "") -> str:
    """The order that is meant: without one, or with "best" for no words, the best fit of words, else the newest."""
    if sort in _ORDERS:
        return sort
    return "best" if words_of(text=wanted.q) else "newest"


def is_place(*, after: str, sort: str) -> bool:
    """Whether `after` continues a page in the order `sort` (as `sort_of` names it)."""
    return _place_of(after, sort) is not None


def get_creator_page(
    *, user: User | None, wanted: DiscoverFilter, sort: str = "", after: str = "", size: int = 24
) -> CreatorPage[Profile]:
    """`find_creators`, as profiles: two queries more."""
    found = find_creators(user=user, wanted=wanted, sort=sort, after=after, size=size)
    return CreatorPage(rows=list_in_order(ids=found.rows), after=found.after)


def get_card_page(
    *, user: User | None, wanted: DiscoverFilter, sort: str = "", after: str = "", size: int = 24
) -> CreatorPage[Card]:
    """`find_creators`, as cards: one query more."""
    found = find_creators(user=user, wanted=wanted, sort=sort, after=after, size=size)
    return CreatorPage(rows=list_cards(ids=found.rows), after=found.after)


def find_creators(
    *, user: User | None, wanted: DiscoverFilter, sort: str = "", after: str = "", size: int = 24
) -> CreatorPage[int]:
    """The ids of profiles of creators whom `user` (None: anyone) may see, in the order `sort` (one of SORTS; see
    `sort_of`), from the cursor `after` of the page before; a foreign one is ignored. Reads as much on every page, and
    asks one query, with filters about three, one more for "best", whose pages end with the CANDIDATES newest of those
    who fit.
    """
    if wanted.q.strip() and not words_of(text=wanted.q):
        return CreatorPage(rows=[])  # nobody is called "!"
    sort = sort_of(wanted=wanted, sort=sort)
    place = _place_of(after, sort)
    if sort == "best":
        candidates = _Search(user, wanted, "newest", None).find(CANDIDATES)
        found = _rank([place.pk for place in candidates], wanted, place, size + 1)
    else:
        found = _Search(user, wanted, sort, place).find(size + 1)
    following = _cursor(sort, found[size - 1]) if len(found) > size else ""
    return CreatorPage(rows=[place.pk for place in found[:size]], after=following)


# -- places ---------------------------------------------------------------------------------------------------


class _Place(NamedTuple):
    """Where a row stands: the first column of its order as an integer (times in microseconds), and its id."""

    key: int
    pk: int


def _cursor(sort: str, place: _Place) -> str:
    return base64.urlsafe_b64encode(f"{sort} {place.key} {place.pk}".encode()).decode().rstrip("=")


def _place_of(after: str, sort: str) -> _Place | None:
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,80}", after):
        return None
    try:
        text = base64.urlsafe_b64decode(after + "=" * (-len(after) % 4)).decode("ascii")
    except ValueError:
        return None
    read = re.fullmatch(r"(\S+) ([0-9]{1,18}) ([0-9]{1,18})", text)
    if read is None or read[1] != sort:
        return None
    place = _Place(int(read[2]), int(read[3]))
    is_time = sort == "active"
    return None if is_time and place.key > 10**17 else place  # beyond the calendar


def _bounds(sort: str, place: _Place) -> dict[str, Any]:
    """The place as the order's columns have it."""
    match sort:
        case "newest":
            return {"first": place.pk, "second": place.pk}
        case "price" | "-price":
            return {"first": place.key, "second": -place.pk}
        case "active":
            return {"first": _EPOCH + timedelta(microseconds=place.key), "second": place.pk}
        case _:
            return {"first": place.key, "second": place.pk}


def _as_place(key: Any, pk: int) -> _Place:
    return _Place((key - _EPOCH) // timedelta(microseconds=1) if isinstance(key, datetime) else key, pk)


# -- what is asked --------------------------------------------------------------------------------------------


class _Search:
    """The listings that fit a filter, in an order, after a place."""

    def __init__(self, user: User | None, wanted: DiscoverFilter, sort: str, place: _Place | None) -> None:
        self._order = _ORDERS[sort]
        self._is_in_table_order = sort == "newest"
        conditions, params = list_conditions(wanted=wanted)
        self._indexed, more = indexed_of(wanted=wanted)
        self._params: dict[str, Any] = {**params, **more, "viewer": user.pk if user else None}
        # What the order's own index answers bounds the walk; the rest is looked at on the way.
        bounding = {"newest": ("verified",), "price": ("price",), "-price": ("price",), "active": ("online",)}.get(
            sort, ()
        )
        bounds = ["is_shown", *(sql for name, sql in conditions if name in bounding)]
        self._fits = [sql for name, sql in conditions if name not in bounding]
        self._fits_besides = [sql for name, sql in conditions if name not in (*bounding, "words")]
        if place is not None:
            bounds.append(self._order.beyond())
            self._params |= _bounds(sort, place)
        self._bounds = " AND ".join(bounds)

    def find(self, n: int) -> list[_Place]:
        """The first n, or all when they are fewer."""
        if not self._fits:
            return self._straight(n)
        most = SAMPLE
        gathered_row = GATHERED_ROW * (IN_TABLE_ORDER if self._is_in_table_order else 1)
        while True:
            found, met = self._walk(n, most)
            if len(found) == n or met.n_walked < most:
                return found
            further = int(MARGIN * n * most / max(len(found), 0.5))
            rare = met.rare_parts()
            n_to_gather = met.n_to_gather(rare)
            if self._is_in_table_order and self._indexed.parts and 0 < further < met.n_listed:
                n_to_gather *= further / met.n_listed + UNITED_PLACE / gathered_row if gathered_row else 0
            if further > gathered_row * n_to_gather:
                return self._gather_newest(n, rare, met, max(len(found) / met.n_walked, met.share()))
            most = further

    def _straight(self, n: int) -> list[_Place]:
        rows = self._run(
            f"""
            SELECT {self._order.first}, l.profile_id FROM profiles_listing l
             WHERE {self._bounds} AND {visible_sql(column="l.user_id")}
             ORDER BY {self._order.by()} LIMIT %(n)s""",  # noqa: S608 - of our own pieces, values are parameters
            n=n,
        )
        return [_as_place(*row) for row in rows]

    def _walk(self, n: int, most: int) -> tuple[list[_Place], Walk]:
        """The first n within the next `most` rows of the order, and what was met."""
        rows = self._run(
            f"""
            WITH walked AS MATERIALIZED (
                SELECT profile_id, user_id, {self._order.first} AS a, {self._order.second} AS b,
                       ({" AND ".join(self._fits)}) AS fits, {self._indexed.columns()}
                  FROM profiles_listing WHERE {self._bounds} ORDER BY {self._order.by()} LIMIT %(most)s),
            found AS MATERIALIZED (
                SELECT a, b, profile_id FROM walked l WHERE fits AND {visible_sql(column="l.user_id")}
                 ORDER BY {self._along()} LIMIT %(n)s)
            (SELECT a, profile_id, NULL, NULL, NULL, NULL, NULL, NULL FROM found ORDER BY {self._along()})
            UNION ALL
            SELECT NULL, NULL, {self._indexed.counts()}
              FROM walked WHERE (SELECT count(*) FROM found) < %(n)s""",  # noqa: S608 - as above
            n=n,
            most=most,
        )
        met = next((Walk(*row[2:]) for row in rows if row[1] is None), Walk(most, most, [], 0, 0, 0))
        return [_as_place(*row[:2]) for row in rows if row[1] is not None], met

    def _gather_newest(self, n: int, rare: Sequence[int], met: Walk, share: float) -> list[_Place]:
        """The first n: in the order of ids from so many of the newest as n are expected in, then further and further
        on; a few from everywhere at once."""
        found: list[_Place] = []
        below = met.newest + 1
        span = MARGIN * n / share * (met.newest - met.oldest + 1) / met.n_walked
        is_few = len(rare) == 1 == len(self._indexed.parts) and met.n_to_gather(rare) == 0
        if not self._is_in_table_order or not self._indexed.parts or is_few:
            return self._gather(n, rare)
        while len(found) < n:
            oldest = int(below - span) // RUN * RUN
            if oldest <= 0 or span > MOST_RUNS * RUN:
                return found + self._gather(n - len(found), rare, _BELOW, below=below)
            runs = run_query(newest=below - 1, oldest=oldest)
            among = f"words @@ %(runs)s::tsquery AND {_BELOW} AND COALESCE(profile_id >= %(oldest)s, FALSE)"
            found += self._gather(n - len(found), rare, among, runs=runs, oldest=oldest, below=below)
            below = oldest
            span = MARGIN * (n - len(found)) * (met.newest - oldest) / max(len(found), 0.5)
        return found

    def _gather(self, n: int, rare: Sequence[int], among: str = "TRUE", **params: Any) -> list[_Place]:
        """All among some that fit, found by the rare parts or however it is best, and of these the first n."""
        rows = self._run(
            f"""
            WITH fitting AS MATERIALIZED (
                SELECT profile_id, user_id, {self._order.first} AS a, {self._order.second} AS b
                  FROM profiles_listing
                 WHERE {" AND ".join([self._bounds, among, *self._fits_besides, self._indexed.by(rare)])})
            SELECT a, profile_id FROM fitting l WHERE {visible_sql(column="l.user_id")}
             ORDER BY {self._along()} LIMIT %(n)s""",  # noqa: S608 - as above
            n=n,
            **params,
        )
        return [_as_place(*row) for row in rows]

    def _along(self) -> str:
        return "a DESC, b DESC" if self._order.is_descending else "a, b"

    def _run(self, sql: str, **params: Any) -> list[tuple[Any, ...]]:
        return _rows(sql, {**self._params, **params})


def _rank(ids: Sequence[int], wanted: DiscoverFilter, place: _Place | None, n: int) -> list[_Place]:
    """The best n of the candidates: a name weighs most, then headline and topics, place, and what else they wrote."""
    beyond, params = "TRUE", {"ids": list(ids), "n": n, "text": text_query(text=wanted.q)}
    if place is not None:
        beyond, params = _RANKED.beyond(), params | _bounds("best", place)
    sql = f"""
        SELECT rank, profile_id
          FROM (SELECT profile_id, (ts_rank(words, to_tsquery('simple', %(text)s)) * 1e6)::bigint AS rank
                  FROM profiles_listing WHERE profile_id = ANY(%(ids)s)) ranked
         WHERE {beyond} ORDER BY {_RANKED.by()} LIMIT %(n)s"""  # noqa: S608 - as above
    return [_as_place(*row) for row in _rows(sql, params)] if ids else []


def _rows(sql: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
