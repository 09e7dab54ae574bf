"""The demo's plan, which no database is asked for: everything happens in the past, in order, and is paid for."""

from __future__ import annotations

from collections import Counter, defaultdict

import pytest

from pairly.demo.cast import CREATORS, FANS
from pairly.demo.plan import (
    DAY,
    Deadline,
    Mark,
    Message,
    Part,
    Purchase,
    email_of,
    joined_days_ago,
    line_times,
    list_events,
)
from pairly.demo.talks import TALKS
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
        assert min(balance.values()) >= 0
    assert all(balance[fan] >= 500_00 for fan in range(len(FANS)))
    assert balance[0] >= 2_200_00


def test_marks_follow_what_they_mark():
    for event in list_events(part=Part()):
        if isinstance(event, Mark):
            assert event.talk.lines[event.n - 1].by != event.side
            assert event.at_h > line_times(event.talk)[event.n - 1]


@pytest.mark.parametrize(("role", "people"), [("fan", FANS), ("creator", CREATORS)])
def test_people_joined_before_they_wrote_over_twelve_weeks(role, people):
    joined = [joined_days_ago(role=role, number=number) for number in range(len(people))]
    events = list_events(part=Part())
    for number, days in enumerate(joined):
        theirs = [
            event.at_h
            for event in events
            if (isinstance(event, Purchase) and role == "fan" and event.fan == number)
            or (not isinstance(event, Purchase) and getattr(event.talk, role) == number)
        ]
        assert all(at_h > -days * DAY for at_h in theirs)
    assert 70 < max(joined) <= 84
    assert len(set(joined)) == len(joined)
    assert len({email_of(role=role, number=number) for number in range(len(people))}) == len(people)


def test_the_cast_is_what_profiles_accept():
    for creator in CREATORS:
        assert names.is_country(code=creator.country), creator.name
        assert all(names.is_language(code=code) for code in creator.languages), creator.name
