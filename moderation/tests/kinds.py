"""A queue that only tests know, and the people who work on it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from moderation import queues
from moderation.models import WorkItem
from moderation.queues import Decision, QueueKind
from moderation.services import work
from pairly.common.ids import uuid7
from pairly.common.problems import NotFound, Problem

KIND = "test"
PERMISSION = "users.staff_review_recoveries"
GONE = uuid.UUID(int=7)
applied: list[tuple[str, str, str]] = []


def load(ref: uuid.UUID) -> dict[str, Any]:
    if ref == GONE:
        raise NotFound
    return {"words": f"evidence {ref}"}


def apply(*, item: WorkItem, staff: object, note: str) -> None:
    applied.append(("apply", str(item.uid), note))


def note_first(*, item: WorkItem, staff: object, note: str) -> None:
    applied.append(("first", str(item.uid), note))


def is_heavy(ref: uuid.UUID) -> bool:
    return ref.int % 2 == 0


def refuse(**_given: object) -> None:
    raise Problem("The waiting time is not over.")


QUEUE = QueueKind(
    kind=KIND,
    title="Test cases",
    permission=PERMISSION,
    target=timedelta(hours=24),
    template="moderation/test_evidence.html",
    load=load,
    decisions=(
        Decision(outcome="approved", label="Approve", apply=apply, key="A"),
        Decision(outcome="refused", label="Refuse", apply=apply, is_danger=True, key="R"),
        Decision(outcome="by_two", label="Approve with another", apply=apply, takes_two=True, on_pass=note_first),
        Decision(outcome="by_two_at_times", label="Sometimes with another", apply=apply, takes_two=is_heavy),
        Decision(outcome="impossible", label="Cannot be done", apply=refuse, needs_reason=False),
    ),
)


@contextmanager
def registered() -> Iterator[None]:
    """The queue is known inside the block."""
    applied.clear()
    queues.register(QUEUE)
    try:
        yield
    finally:
        queues.unregister(kind=KIND)


def open_cases(n: int, **fields: Any) -> list[WorkItem]:
    return [work.open_item(kind=KIND, ref=uuid7(), **fields) for _ in range(n)]
