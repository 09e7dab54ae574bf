"""What happened in the demo and when, in hours before now (negative). Pure: no database, the same every time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from payments.constants import PACKAGES
from payments.types import Package

from .cast import CREATORS, FANS
from .staff import STAFF
from .talks import TALKS, Talk

Side = Literal["fan", "creator"]

WEEKS = 12
DAY = 24.0
MINUTE = 1 / 60
# Who got a message later than this has not opened the app since.
UNREAD_HOURS = 66
UNDELIVERED_HOURS = 12
_EUROPEANS = frozenset({1, 2, 5, 8, 9, 12, 15})  # fans who pay in euros
_INDIANS = frozenset({4, 11})


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """The first so many creators and fans, and the talks among them."""

    n_creators: int = len(CREATORS)
    n_fans: int = len(FANS)
    n_staff: int = len(STAFF)

    @property
    def talks(self) -> list[Talk]:
        return [talk for talk in TALKS if talk.fan < self.n_fans and talk.creator < self.n_creators]


def email_of(*, role: Side, number: int) -> str:
    """The address of a person by their position in the cast."""
    return f"{role}{'' if number == 0 else number + 1}@demo.pairly.example"


@dataclass(frozen=True, kw_only=True, slots=True)
class Purchase:
    """`number` counts the purchases of the fan."""

    at_h: float
    fan: int
    number: int
    package: Package
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """Line `n - 1` of a talk, the conversation's n-th message."""

    at_h: float
    talk: Talk
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """`side` got or read everything up to `n`."""

    at_h: float
    talk: Talk
    side: Side
    what: Literal["delivered", "read"]
    n: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Deadline:
    """The deadline job runs."""

    at_h: float
    talk: Talk


Event = Purchase | Message | Mark | Deadline


def list_events(*, part: Part) -> list[Event]:
    """Everything that happened among these people, the oldest first."""
    talks = part.talks
    events: list[Event] = [event for talk in talks for event in _events_of(talk)]
    events += [event for event in list_purchases() if event.fan < part.n_fans]
    return sorted(events, key=lambda event: event.at_h)


@cache
def line_times(talk: Talk) -> tuple[float, ...]:
    """When each line was sent. People do not write on the hour: up to half an hour is added."""
    times: list[float] = []
    base = -talk.days_ago * DAY
    for number, line in enumerate(talk.lines):
        base += line.after_h
        late = (37 * talk.creator + 23 * talk.fan + 11 * number) % 29 * MINUTE
        times.append(max(base + late, times[-1] + 5 * MINUTE) if times else base + late)
    return tuple(times)


def joined_days_ago(*, role: Side, number: int) -> float:
    """When someone signed up: spread over the weeks, and before their first talk."""
    first = max((talk.days_ago for talk in TALKS if getattr(talk, role) == number), default=0.0)
    people = len(CREATORS if role == "creator" else FANS)
    step = (WEEKS * 7 - 4) / people
    return max(first + 2.0 + number / 50, 4.0 + step * (number * 7 % people + 1) - number % 5 / 10)


def _events_of(talk: Talk) -> Iterator[Event]:
    times = line_times(talk)
    for number, at_h in enumerate(times):
        yield Message(at_h=at_h, talk=talk, n=number + 1)
    if talk.ending == "refunded":
        for due in _due_times(talk):
            yield Deadline(at_h=due + 10 / 3600, talk=talk)  # the job comes round every few seconds
    sides: tuple[Side, Side] = ("fan", "creator")
    for side in sides:
        yield from _marks(talk, side)


def _due_times(talk: Talk) -> list[float]:
    hours = CREATORS[talk.creator].reply_hours
    last_answer = max((n for n, line in enumerate(talk.lines) if line.by == "creator"), default=-1)
    return [at_h + hours for n, at_h in enumerate(line_times(talk)) if n > last_answer]


def _marks(talk: Talk, side: Side) -> Iterator[Mark]:
    """What someone last received and read of the other's messages."""
    times = line_times(talk)
    theirs = [n for n, line in enumerate(talk.lines) if line.by != side]
    if not theirs:
        return
    last = theirs[-1]
    answered = times[last + 1] if last + 1 < len(times) and talk.lines[last + 1].by == side else None
    delivered = [n for n in theirs if times[n] < -UNDELIVERED_HOURS]
    if delivered:
        yield Mark(at_h=times[delivered[-1]] + MINUTE, talk=talk, side=side, what="delivered", n=delivered[-1] + 1)
    if answered is not None:
        yield Mark(at_h=answered - 4 * MINUTE, talk=talk, side=side, what="read", n=last + 1)
    elif talk.ending == "refunded":
        yield Mark(at_h=_due_times(talk)[-1] + 20, talk=talk, side=side, what="read", n=last + 1)
    elif talk.ending == "answered" or times[last] < -UNREAD_HOURS:
        yield Mark(at_h=min(times[last] + 3, -0.2), talk=talk, side=side, what="read", n=last + 1)


@cache
def list_purchases() -> tuple[Purchase, ...]:
    """What the fans bought: some credits whenever they were about to run out, so that nobody ever falls short."""
    found = [purchase for fan in range(len(FANS)) for purchase in _purchases_of(fan)]
    return tuple(found)


def _purchases_of(fan: int) -> Iterator[Purchase]:
    currency = "EUR" if fan in _EUROPEANS else "INR" if fan in _INDIANS else "USD"
    balance, number = 0, 0
    for at_h, change_centi in sorted(_changes(fan)):
        while balance + change_centi < 0:
            package = PACKAGES[(fan + number) % 3 if -change_centi <= PACKAGES[1].credits_centi else -1]
            early = (20 + 7 * fan % 30 + 3 * number) * MINUTE
            yield Purchase(at_h=at_h - early, fan=fan, number=number, package=package, currency=currency)
            balance, number = balance + package.credits_centi, number + 1
        balance += change_centi
    # Something to spend for who signs in as them.
    yield Purchase(at_h=-18.5 - fan, fan=fan, number=number, package=PACKAGES[2 if fan == 0 else 0], currency=currency)


def _changes(fan: int) -> Iterator[tuple[float, int]]:
    """(when, by how much) a fan's balance moves by writing and by missed deadlines."""
    moves: dict[float, int] = defaultdict(int)
    for talk in TALKS:
        if talk.fan != fan:
            continue
        price_centi = CREATORS[talk.creator].price_credits * 100
        for at_h, line in zip(line_times(talk), talk.lines, strict=True):
            if line.by == "fan":
                moves[at_h] -= price_centi
        if talk.ending == "refunded":
            for due in _due_times(talk):
                moves[due + 10 / 3600] += price_centi
    yield from moves.items()
