"""What people filter creators by, as conditions on `profiles_listing` (`sql/0003_listing.sql`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from math import prod
from typing import Any, NamedTuple

from django.utils import timezone

from .folding import fold


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscoverFilter:
    """What somebody looks for. Prices are hundredths of a credit, ages whole years; both ends belong to the range.

    `q`: every word has to begin a word of the texts, and one letter has to be a whole one (both folded).
    `languages`: at least one of these codes. `topic`: exactly, as profiles keep topics (case and spaces aside).
    """

    q: str = ""
    min_price: int | None = None
    max_price: int | None = None
    min_age: int | None = None
    max_age: int | None = None
    online: bool = False
    verified: bool = False
    languages: tuple[str, ...] = ()
    topic: str = ""


class Walk(NamedTuple):
    """What a walk along an order met: rows; of these, who fits all that an index finds, and who each part of it
    (`Indexed.parts`); how many rows there are at all (an estimate, -1: nobody has counted yet); and between which ids
    those that were met lie.
    """

    n_walked: int
    n_indexed: int
    n_by_part: list[int]
    n_listed: float
    newest: int
    oldest: int

    def n_to_gather(self, parts: Sequence[int]) -> float:
        """How many rows a gathering by these parts would fetch, if all are like those that were met."""
        if len(parts) == len(self.n_by_part):
            n_met = self.n_indexed
        else:
            n_met = min((self.n_by_part[part] for part in parts), default=self.n_walked)
        return n_met / max(self.n_walked, 1) * max(self.n_listed, self.n_walked)

    def share(self) -> float:
        """Of those who were met, how many would fit all parts if one said nothing about another."""
        return prod(self._shares(), start=1.0)

    def _shares(self) -> list[float]:
        return [(n + 0.5) / (self.n_walked + 1) for n in self.n_by_part]

    def rare_parts(self) -> list[int]:
        """The parts worth asking an index for, the rarest first. Of a beginning of words an index unites all places
        before anything else: that is worth it where it saves fetching more rows than it costs.
        """
        shares = self._shares()
        by_share = sorted(range(len(shares)), key=shares.__getitem__)
        rows, taken = 1.0, by_share[:0]
        for part in by_share:
            if taken and shares[part] * UNITED_PLACE > rows * (1 - shares[part]):
                break
            taken.append(part)
            rows *= shares[part]
        return taken


# What one place of a word costs that an index unites, in rows that are fetched.
UNITED_PLACE = 0.1

# As many ids have one lexeme (`sql/0005_near.sql`).
RUN = 32_768

# SQL: as VACUUM and ANALYZE last saw it.
N_LISTED = "(SELECT reltuples FROM pg_class WHERE oid = 'profiles_listing'::regclass)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexed:
    """What gathering goes by, as SQL: the words, or else (no parts) it looks at nearly everybody.

    `whole` is all of it. `parts`: each word that is looked for, last the lexemes; everybody whom `whole` finds fits
    each of them. The parts may find more, so that `whole` is asked for as well.
    """

    whole: str = "TRUE"
    parts: tuple[str, ...] = ()

    def columns(self) -> str:
        """Of one row, whom a `Walk` counts: is_indexed and part_<n>."""
        parts = "".join(f", ({sql}) AS part_{n}" for n, sql in enumerate(self.parts))
        return f"({self.whole}) AS is_indexed{parts}"

    def counts(self) -> str:
        """Of the rows with `columns`, what makes a `Walk`."""
        counts = ", ".join(f"count(*) FILTER (WHERE part_{n})" for n in range(len(self.parts)))
        ids = "max(profile_id), min(profile_id)"
        return f"count(*), count(*) FILTER (WHERE is_indexed), ARRAY[{counts}]::bigint[], {N_LISTED}, {ids}"

    def by(self, parts: Sequence[int]) -> str:
        """Who fits `whole`, found by an index of some of the parts; COALESCE hides the rest from the planner."""
        if len(parts) == len(self.parts):
            return self.whole
        return " AND ".join([*(self.parts[part] for part in parts), f"COALESCE({self.whole}, FALSE)"])


def indexed_of(*, wanted: DiscoverFilter) -> tuple[Indexed, dict[str, Any]]:
    """What gathering goes by, and the parameters that `list_conditions` has not."""
    whole = next((sql for about, sql in list_conditions(wanted=wanted)[0] if about == "words"), None)
    if whole is None:
        return Indexed(), {}
    words = words_of(text=wanted.q)
    lexemes = ["words @@ %(lexemes)s::tsquery"] if _lexeme_query(wanted) else []
    if len(words) < 2:
        return Indexed(whole=whole, parts=(whole,)), {}
    # A word of signs that PostgreSQL takes for none says nothing about anybody.
    query = "to_tsquery('simple', %(word_{n})s)"
    parts = [f"(numnode({asked}) = 0 OR words @@ {asked})" for asked in (query.format(n=n) for n in range(len(words)))]
    return Indexed(whole=whole, parts=(*parts, *lexemes)), {f"word_{n}": _asked(word) for n, word in enumerate(words)}


def list_conditions(*, wanted: DiscoverFilter) -> tuple[list[tuple[str, str]], dict[str, Any]]:
    """The filter as SQL conditions on the columns of profiles_listing, each with the name of what it is about (price,
    age, online, verified, words), and their parameters by name. Of `q` without a word nothing is said: see `words_of`.
    """
    found: list[tuple[str, str]] = []
    params: dict[str, Any] = {}

    def add(name: str, sql: str, **values: Any) -> None:
        found.append((name, sql))
        params.update(values)

    if wanted.min_price is not None:
        add("price", "price_centi >= %(min_price)s", min_price=wanted.min_price)
    if wanted.max_price is not None:
        add("price", "price_centi <= %(max_price)s", max_price=wanted.max_price)
    if wanted.min_age is not None:
        add("age", "birth_date <= %(born_by)s", born_by=_born_by(wanted.min_age))
    if wanted.max_age is not None:
        add("age", "birth_date > %(born_after)s", born_after=_born_by(wanted.max_age + 1))
    if wanted.online:
        add("online", "is_online")
    if wanted.verified:
        add("verified", "is_verified")
    text, lexemes = text_query(text=wanted.q), _lexeme_query(wanted)
    if text and lexemes:
        sql = "words @@ (to_tsquery('simple', %(text)s) && %(lexemes)s::tsquery)"
        add("words", sql, text=text, lexemes=lexemes)
    elif text:
        add("words", "words @@ to_tsquery('simple', %(text)s)", text=text)
    elif lexemes:
        add("words", "words @@ %(lexemes)s::tsquery", lexemes=lexemes)
    return found, params


def _born_by(age: int) -> date:
    """The last birthday of those who are `age` today. Born on 29 February, one is a year older on 1 March."""
    today = timezone.now().date()
    try:
        return today.replace(year=today.year - age)
    except ValueError:
        return date(today.year - age, 2, 28)


# -- queries of words -----------------------------------------------------------------------------------------


def words_of(*, text: str) -> list[str]:
    """The folded words to look for. None of a text that is not blank: nothing can be found."""
    return fold(text.replace("\0", " ")).split()


def text_query(*, text: str) -> str:
    """What `to_tsquery` reads: all words, each in quotes, whole or, from two letters on, as a beginning."""
    return " & ".join(_asked(word) for word in words_of(text=text))


def near_query(*, cells: Sequence[int]) -> str:
    """What a cast to tsquery reads: who is in one of these cells of 20 km, or in a smaller one that lies there."""
    return " | ".join(_quoted(f"#near:{cell}") for cell in cells)


def run_query(*, newest: int, oldest: int) -> str:
    """What a cast to tsquery reads: the profiles with these ids and all between, and some more."""
    return " | ".join(_quoted(f"#run:{run}") for run in range(oldest // RUN, newest // RUN + 1))


def _asked(word: str) -> str:
    return _quoted(word) + (":*" if len(word) > 1 else "")


def _lexeme_query(wanted: DiscoverFilter) -> str:
    """What a cast to tsquery reads: lexemes that are looked up as they stand (`sql/0005_near.sql`)."""
    parts = []
    if wanted.languages:
        parts.append("(" + " | ".join(_quoted(f"#lang:{code}") for code in wanted.languages) + ")")
    if topic := " ".join(wanted.topic.replace("\0", " ").split()).lower():
        parts.append(_quoted(f"#topic:{topic}"))
    return " & ".join(parts)


def _quoted(lexeme: str) -> str:
    """PostgreSQL 8.11.2: within quotes, a quote and a backslash are doubled."""
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"
