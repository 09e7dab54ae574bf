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
from .catalogue import WARES, GiveBack, Sale, list_deals
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
# A provider's own list is compared with ours for three days, and no provider has heard of the demo's payments.
LATEST_PURCHASE_H = -110.0
TWICE = 100  # the number of a purchase that goes back
# Bought twice by mistake, and one that a bank wants back: (fan, when, package, what came of it so many hours later).
_REVERSED: tuple[tuple[int, float, int, Literal["refund", "dispute"], float], ...] = (
    (0, -11.0 * DAY, 0, "refund", 2.5),
    (3, -8.0 * DAY, 1, "dispute", 44.0),
)
_DISPUTING = frozenset(fan for fan, _, _, kind, _ in _REVERSED if kind == "dispute")


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
class Reversal:
    """A purchase goes back: the buyer is given it, or their bank wants it."""

    at_h: float
    purchase: Purchase
    kind: Literal["refund", "dispute"]


Deed = Literal["method", "ask", "approve", "reject", "send", "return"]


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutDeed:
    """Something done about payout number `payout` of the first creator; "method" is an account that is added."""

    at_h: float
    payout: int
    what: Deed


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


Event = Purchase | Reversal | Sale | GiveBack | PayoutDeed | Message | Mark | Deadline

# Paid, refused, sent back, waiting for its transfer, waiting for a look.
_DEEDS: tuple[tuple[float, int, Deed], ...] = (
    (31.0, 0, "method"),
    (19.0, 0, "ask"),
    (18.3, 0, "approve"),
    (17.9, 0, "send"),
    (12.2, 1, "ask"),
    (11.4, 1, "reject"),
    (9.1, 2, "ask"),
    (8.6, 2, "approve"),
    (8.2, 2, "send"),
    (4.7, 2, "return"),
    (2.3, 3, "ask"),
    (1.5, 3, "approve"),
    (1.1, 4, "method"),
    (0.4, 4, "ask"),
)
PAYOUT_DEEDS = tuple(PayoutDeed(at_h=-days * DAY, payout=payout, what=what) for days, payout, what in _DEEDS)


def list_events(*, part: Part) -> list[Event]:
    """Everything that happened among these people, the oldest first."""
    talks = part.talks
    events: list[Event] = [event for talk in talks for event in _events_of(talk)]
    events += [event for event in list_purchases() if event.fan < part.n_fans]
    events += [event for event in _list_reversals() if event.purchase.fan < part.n_fans]
    events += [
        event for event in list_sales() if event.fan < part.n_fans and WARES[event.ware].creator < part.n_creators
    ]
    events += PAYOUT_DEEDS if part.n_creators else ()
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


def is_last_of_who_disputed(purchase: Purchase) -> bool:
    """Whether it is what somebody bought last whose bank wanted another purchase back."""
    return purchase.fan in _DISPUTING and purchase.at_h == _last_purchase_h(purchase.fan)


def _last_purchase_h(fan: int) -> float:
    return LATEST_PURCHASE_H - 1 - fan


def _purchases_of(fan: int) -> Iterator[Purchase]:
    currency = _currency_of(fan)
    balance, number = 0, 0
    for at_h, change_centi in sorted(_changes(fan)):
        while balance + change_centi < 0:
            package = PACKAGES[(fan + number) % 3 if -change_centi <= PACKAGES[1].credits_centi else -1]
            early = (20 + 7 * fan % 30 + 3 * number) * MINUTE
            bought_h = min(at_h, LATEST_PURCHASE_H) - early
            yield Purchase(at_h=bought_h, fan=fan, number=number, package=package, currency=currency)
            balance, number = balance + package.credits_centi, number + 1
        balance += change_centi
    # Something to spend for who signs in as them.
    left = PACKAGES[2 if fan == 0 or fan in _DISPUTING else 0]
    yield Purchase(at_h=_last_purchase_h(fan), fan=fan, number=number, package=left, currency=currency)
    yield from (reversal.purchase for reversal in _list_reversals() if reversal.purchase.fan == fan)


@cache
def _list_reversals() -> tuple[Reversal, ...]:
    found = []
    for fan, at_h, package, kind, later_h in _REVERSED:
        bought = Purchase(at_h=at_h, fan=fan, number=TWICE, package=PACKAGES[package], currency=_currency_of(fan))
        found.append(Reversal(at_h=at_h + later_h, purchase=bought, kind=kind))
    return tuple(found)


@cache
def list_sales() -> tuple[Sale | GiveBack, ...]:
    """What the creators sold, and gave back."""
    joined = {number: joined_days_ago(role="fan", number=number) for number in range(len(FANS))}
    return tuple(list_deals(joined_days_ago=joined))


def _currency_of(fan: int) -> str:
    return "EUR" if fan in _EUROPEANS else "INR" if fan in _INDIANS else "USD"


def _changes(fan: int) -> Iterator[tuple[float, int]]:
    """(when, by how much) a fan's balance moves by writing, missed deadlines and what they bought in shops."""
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
    for deal in (one for one in list_sales() if one.fan == fan):
        moves[deal.at_h] += WARES[deal.ware].price_centi * (-1 if isinstance(deal, Sale) else 1)
    yield from moves.items()
