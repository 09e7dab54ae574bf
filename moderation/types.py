from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from .queues import QueueKind


@dataclass(frozen=True, kw_only=True, slots=True)
class QueueState:
    """What waits in one queue: how many cases, since when the oldest, how many past their time."""

    kind: QueueKind
    n_open: int = 0
    oldest_at: datetime | None = None
    n_overdue: int = 0
    next_due_at: datetime | None = None

    @property
    def is_soon_due(self) -> bool:
        """Whether a quarter of the target time is left at most, and nothing is overdue yet."""
        if self.n_overdue or self.next_due_at is None:
            return False
        return self.next_due_at - timezone.now() < self.kind.target / 4
