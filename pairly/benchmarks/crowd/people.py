"""One person of a crowd, made from a seed and a number and from nothing else."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from random import Random

from profiles.cells import GridCell, cell_at
from profiles.constants import CELL_SIZES_KM
from profiles.folding import fold
from profiles.names import country_name_in_english

from . import places, words

DOMAIN = "scale.invalid"  # RFC 2606: nobody's mail
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(kw_only=True, slots=True)
class Person:
    """Everything that is written about someone; times are of the timezone UTC."""

    number: int
    uid: uuid.UUID
    email: str
    role: str
    birth_date: date
    verification_level: int
    is_active: bool
    display_name: str
    headline: str
    bio: str
    city: places.City
    cell: GridCell | None
    languages: list[str]
    topics: list[str]
    search_texts: list[str]
    price_centi: int
    reply_window_hours: int
    is_listed: bool
    shows_online: bool
    shows_last_seen: bool
    is_online: bool
    joined_at: datetime
    last_seen_at: datetime
    n_paid: int
    n_answered: int
    n_refunded: int
    median_reply_s: int | None
    portrait: uuid.UUID | None
    restriction: tuple[str, datetime | None, datetime | None] | None  # kind, until, lifted_at


def email_of(*, seed: int, number: int) -> str:
    """The address of a person: by it a crowd knows its own."""
    return f"p{number}-{seed}@{DOMAIN}"


def make_person(*, seed: int, number: int, now: datetime) -> Person:
    """The person with this number. The same seed, number and `now` make the same person, whoever else there is."""
    rng = Random((seed << 40) | number)  # noqa: S311 - it hides nothing
    home = places.atlas().home(rng, number)
    script = words.SCRIPT_OF.get(home.country, "Latn") if rng.random() < 0.7 else "Latn"
    given, family = (words.pick(rng, ranked) for ranked in words.NAMES[script])
    topics = _several(rng, words.TOPICS, most=5)
    bio, word = words.pick(rng, words.BIOS), words.rare_word(words.rank(rng, words.N_RARE_WORDS))
    headline = f"{topics[0].capitalize()} and {word}" if topics else ""
    share, n_promises = rng.random(), rng.randint(2, 99)
    joined_at = now - 900 * DAY * rng.random()
    is_online = rng.random() < 0.02
    n_paid, n_answered, n_refunded, median_reply_s = _facts(rng)
    return Person(
        number=number,
        uid=uuid.UUID(int=rng.getrandbits(128), version=4),
        email=email_of(seed=seed, number=number),
        role="fan" if share < 0.005 else "creator",
        is_active=not 0.005 <= share < 0.01,
        is_listed=not 0.01 <= share < 0.02,
        birth_date=_birth_date(rng, now.date()),
        verification_level=(0, 0, 0, 0, 0, 1, 1, 1, 2, 2)[rng.randrange(10)],
        display_name=f"{given} {family}",
        headline=headline,
        bio=f"{bio} My word is {word}; I keep {n_promises} promises and write back by Sunday.",
        city=home,
        cell=_cell(rng, home),
        languages=_languages(rng, home.country),
        topics=topics,
        search_texts=[
            f"{_folded(given)} {_folded(family)}",
            f"{_folded(topics[0])} and {word}" if topics else "",
            " ".join(_folded(topic) for topic in topics),
            _folded_place(home.name, home.country),
            f"{_folded(bio)} my word is {word} i keep {n_promises} promises and write back by sunday",
        ],
        price_centi=_price(rng) if share >= 0.005 else 0,
        reply_window_hours=rng.choice((24, 48, 72, 72, 72, 168)),
        shows_online=rng.random() < 0.9,
        shows_last_seen=rng.random() < 0.9,
        is_online=is_online,
        joined_at=joined_at,
        last_seen_at=now if is_online else max(joined_at, now - min(rng.expovariate(1 / 20), 900) * DAY),
        n_paid=n_paid,
        n_answered=n_answered,
        n_refunded=n_refunded,
        median_reply_s=median_reply_s,
        portrait=uuid.UUID(int=rng.getrandbits(128), version=4) if rng.random() < 0.6 else None,
        restriction=_restriction(rng, now),
    )


@cache
def _folded(text: str) -> str:
    return fold(text)


@cache
def _folded_place(city: str, country: str) -> str:
    return fold(f"{city} {country_name_in_english(code=country) if country else ''}")


def _several(rng: Random, ranked: tuple[str, ...], *, most: int) -> list[str]:
    return list(dict.fromkeys(words.pick(rng, ranked) for _ in range(rng.randint(0, most))))


def _languages(rng: Random, country: str) -> list[str]:
    native = words.SPEAKS.get(country, "en")
    further = ["en"] if rng.random() < 0.5 else []
    return list(dict.fromkeys([native, *further, *_several(rng, words.LANGUAGES, most=2)]))


def _birth_date(rng: Random, today: date) -> date:
    """18 to 80 years old, most of them young."""
    days = 18 * 365.25 + 62 * 365.25 * rng.random() ** 2
    return today - timedelta(days=int(days) + 1)


def _price(rng: Random) -> int:
    """Hundredths of a credit: one in ten asks for nothing, the others around 150 credits with a long tail."""
    if rng.random() < 0.1:
        return 0
    return min(5_000_000, max(5_000, round(rng.lognormvariate(9.6, 0.9) / 500) * 500))


def _cell(rng: Random, home: places.City) -> GridCell | None:
    size_km = CELL_SIZES_KM[(0, 0, 0, 1, 1, 1, 1, 2, 2, 2)[rng.randrange(10)]]
    lat, lon = places.around(rng, home)
    # Nine in ten say where they are; at the ends of the grid everybody does.
    return cell_at(lat=lat, lon=lon, size_km=size_km) if rng.random() < 0.9 or home.id is None else None


def _facts(rng: Random) -> tuple[int, int, int, int | None]:
    """(n_paid, n_answered, n_refunded, median_reply_s); two thirds were never written to."""
    if rng.random() < 0.66:
        return 0, 0, 0, None
    n_paid = 1 + words.rank(rng, 500)
    n_answered = round(n_paid * rng.betavariate(4, 1.5))
    n_refunded = rng.randint(0, n_paid - n_answered)
    return n_paid, n_answered, n_refunded, int(rng.expovariate(1 / 20_000)) + 60 if n_answered else None


def _restriction(rng: Random, now: datetime) -> tuple[str, datetime | None, datetime | None] | None:
    if rng.random() >= 0.005:
        return None
    kind = rng.choice(("hide", "hide", "mute", "suspension", "payout_hold"))
    until = rng.choice((None, now + 30 * DAY, now - 3 * DAY))
    return kind, until, now - DAY if rng.random() < 0.3 else None
