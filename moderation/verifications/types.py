from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..models import Verification


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """Where somebody is with their verification: the request under way, the approval in force, and the last one."""

    open: Verification | None
    approved: Verification | None
    last: Verification | None

    @property
    def can_ask(self) -> bool:
        """Whether a new request may be sent."""
        return self.open is None

    @property
    def valid_until(self) -> datetime | None:
        """Until when they are verified."""
        return self.approved.valid_until if self.approved else None
