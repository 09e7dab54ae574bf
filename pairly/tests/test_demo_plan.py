"""The demo's plan, which no database is asked for: everything happens in the past, in order, and is paid for."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from pairly.demo.cast import CREATORS, FANS
from pairly.demo.catalogue import WARES, GiveBack, Sale
from pairly.demo.plan import (
    DAY,
    LATEST_PURCHASE_H,
    Deadline,
    Mark,
    Message,
    Part,
    PayoutDeed,
    Purchase,
    Reversal,
    email_of,
    joined_days_ago,
    line_times,
    list_events,
    list_sales,
)
from pairly.demo.talks import TALKS
from pairly.demo.withdrawing import CENTI
from profiles import names


def test_the_plan_is_past_in_order_and_holds_every_line():
    events = list_events(part=Part())
    times = [event.at_h for event in events]
    assert times == sorted(times)
    assert times[-1] < 0
    assert sum(isinstance(event, Message) for event in events) == sum(len(talk.lines) for talk in TALKS)
    seen = defaultdict(list)
    for event in events:
        if isinstance(event, Message):
            seen[event.talk].append(event.n)
    assert all(numbers == list(range(1, len(talk.lines) + 1)) for talk, numbers in seen.items())


@pytest.mark.parametrize("talk", TALKS, ids=lambda talk: f"{talk.fan}-{talk.creator}")
def test_each_talk_ends_as_it_says(talk):
    hours = CREATORS[talk.creator].reply_hours
    due: list[float] = []
    for at_h, line in zip(line_times(talk), talk.lines, strict=True):
        if line.by == "fan":
            due.append(at_h + hours)
        else:
            assert all(at_h < one for one in due), "answered after the deadline"
            due = []
    expected = {"answered": not due, "refunded": due and max(due) < 0, "waiting": due and min(due) > 0}
    assert expected[talk.ending]


def test_nobody_runs_short_and_everybody_has_something_left():
    balance: Counter[int] = Counter()
    open_holds: dict[object, list[int]] = defaultdict(list)
    for event in list_events(part=Part()):
        match event:
            case Purchase():
                balance[event.fan] += event.package.credits_centi
            case Message() if event.talk.lines[event.n - 1].by == "fan":
                price = CREATORS[event.talk.creator].price_credits * 100
                balance[event.talk.fan] -= price
                open_holds[event.talk].append(price)
            case Message():
                open_holds[event.talk].clear()
            case Deadline():
                balance[event.talk.fan] += open_holds[event.talk].pop()
            case Sale():
                balance[event.fan] -= WARES[event.ware].price_centi
            case GiveBack():
                balance[event.fan] += WARES[event.ware].price_centi
            case Reversal():
                balance[event.purchase.fan] -= event.purchase.package.credits_centi
        assert min(balance.values()) >= 0
    assert all(balance[fan] >= 500_00 for fan in range(len(FANS)))
    assert balance[0] >= 2_200_00


def test_marks_follow_what_they_mark():
    for event in list_events(part=Part()):
        if isinstance(event, Mark):
            assert event.talk.lines[event.n - 1].by != event.side
            assert event.at_h > line_times(event.talk)[event.n - 1]


def who(event, role):
    """The position in the cast of who takes part on this side."""
    match event:
        case Message() | Mark() | Deadline():
            return getattr(event.talk, role)
        case Sale() | GiveBack():
            return event.fan if role == "fan" else WARES[event.ware].creator
        case Purchase():
            return event.fan if role == "fan" else None
        case Reversal():
            return event.purchase.fan if role == "fan" else None
        case PayoutDeed():
            return 0 if role == "creator" else None


def test_the_first_creator_has_more_than_500_dollars_ready():
    # A new creator's earnings rest for 14 days; of ten credits eight are theirs, and a credit is a cent.
    earned = sum(
        WARES[sale.ware].price_centi * 8 // 10
        for sale in list_sales()
        if isinstance(sale, Sale) and WARES[sale.ware].creator == 0 and sale.at_h < -15 * DAY
    )
    assert earned - sum(CENTI) > 50_000_00


def test_what_was_bought_lately_is_compared_with_no_provider():
    assert all(
        one.at_h <= LATEST_PURCHASE_H < -4 * DAY for one in list_events(part=Part()) if isinstance(one, Purchase)
    )


@pytest.mark.parametrize(("role", "people"), [("fan", FANS), ("creator", CREATORS)])
def test_people_joined_before_they_wrote_over_twelve_weeks(role, people):
    joined = [joined_days_ago(role=role, number=number) for number in range(len(people))]
    events = list_events(part=Part())
    for number, days in enumerate(joined):
        theirs = [event.at_h for event in events if who(event, role) == number]
        assert all(at_h > -days * DAY for at_h in theirs)
    assert 70 < max(joined) <= 84
    assert len(set(joined)) == len(joined)
    assert len({email_of(role=role, number=number) for number in range(len(people))}) == len(people)


def test_the_cast_is_what_profiles_accept():
    for creator in CREATORS:
        assert names.is_country(code=creator.country), creator.name
        assert all(names.is_language(code=code) for code in creator.languages), creator.name
