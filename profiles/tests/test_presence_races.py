from __future__ import annotations

import pytest

from pairly.common.sightings import ONLINE_SECONDS
from pairly.testing.people import make_user
from profiles.services import presence
from users.tests.helpers import at_once

from .test_presence import later, see


def test_of_many_jobs_at_once_each_change_is_answered_by_one(committed_db: str) -> None:
    people = [make_user("creator") for _ in range(20)]
    see(*people)
    answers = at_once(8, lambda _: presence.move())
    assert sorted(pk for one in answers for pk in one.came) == sorted(person.pk for person in people)
    answers = at_once(8, lambda _: presence.move(at=later(ONLINE_SECONDS + 1)))
    assert sorted(pk for one in answers for pk in one.went) == sorted(person.pk for person in people)


def test_without_the_condition_a_change_is_answered_by_each(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: writing without asking what the row says. Whoever runs answers, so each peer is told many times."""
    person = make_user("creator")
    see(person)
    monkeypatch.setattr(presence, "_CAME", presence._CAME.replace("WHERE old.user_id IS NULL OR NOT old.is_online", "")
                        .replace(" WHERE NOT p.is_online\nRETURNING", "RETURNING"))  # fmt: skip
    answers = [presence.move() for _ in range(3)]
    assert sum(len(one.came) for one in answers) == 3
