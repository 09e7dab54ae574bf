"""Two reviewers who press "take next" in the queue of verifications at the same moment, again and again."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db.models import QuerySet
from django.utils import timezone

from moderation.models import WorkItem
from moderation.services import work
from pairly.common.ids import uuid7
from pairly.testing.people import make_staff
from users.models import User
from users.tests.helpers import at_once

PRESSES = 200


def press_at_once(monkeypatch: pytest.MonkeyPatch, presses: int) -> list[tuple[int, int]]:
    """What both got at each press. Each of them has chosen its case before either of them has it."""
    due_at = timezone.now() + timedelta(hours=24)
    cases = [WorkItem(kind="verification", ref=uuid7(), due_at=due_at) for _ in range(2 * presses)]
    WorkItem.objects.bulk_create(cases)
    staff = [make_staff("moderator") for _ in range(2)]
    both_chose, both_hold, give = threading.Barrier(2), threading.Barrier(2), work._give

    def give_together(item: WorkItem, user: User) -> None:
        both_chose.wait(timeout=60)
        give(item, user)

    monkeypatch.setattr(work, "_give", give_together)

    def press(number: int) -> list[int]:
        got = []
        for _ in range(presses):
            item = work.take_next(kind="verification", user=staff[number])
            assert item is not None
            got.append(item.pk)
            both_hold.wait(timeout=60)
            work.close_item(kind=item.kind, ref=item.ref, outcome="withdrawn")
            both_hold.wait(timeout=60)
        return got

    first, second = at_once(2, press)
    return list(zip(first, second, strict=True))


def test_two_reviewers_who_press_200_times_at_once_never_get_the_same_case(
    committed_db: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pairs = press_at_once(monkeypatch, PRESSES)
    got = [pk for pair in pairs for pk in pair]
    assert len(pairs) == PRESSES
    assert len(set(got)) == len(got) == 2 * PRESSES


def test_without_the_row_lock_both_get_the_same_case(committed_db: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QuerySet, "select_for_update", lambda self, **_options: self)
    pairs = press_at_once(monkeypatch, 5)
    assert all(first == second for first, second in pairs)
