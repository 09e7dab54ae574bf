"""What services of this app take and give."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from .constants import FACTS_MIN_PAID, FACTS_STEPS


@dataclass(frozen=True, kw_only=True, slots=True)
class Whereabouts:
    """Where somebody says that they are: a city of the list, or a point in degrees; without either, where they are now.

    `cell_km`: how coarsely it is kept (CELL_SIZES_KM); None: as before. The point shows in no representation, so
    that no log and no traceback can hold it.
    """

    place_id: int | None = None
    lat: float | None = field(default=None, repr=False)
    lon: float | None = field(default=None, repr=False)
    cell_km: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownFacts:
    """How a creator answers paid messages, as everybody may know: whole percents, never better than the truth.

    `n_paid_at_least` is a round number, `median_reply_s` in whole hours' seconds, None where nothing was answered.
    """

    n_paid_at_least: int
    answered_percent: int
    refunded_percent: int
    median_reply_s: int | None

    @classmethod
    def of(cls, *, n_paid: int, n_answered: int, n_refunded: int, median_reply_s: int | None) -> ShownFacts | None:
        """What is told of these numbers; None where too little was paid for to say."""
        if n_paid < FACTS_MIN_PAID:
            return None
        return cls(
            n_paid_at_least=max(one for one in FACTS_STEPS if one <= n_paid),
            answered_percent=n_answered * 100 // n_paid,
            refunded_percent=-(-n_refunded * 100 // n_paid),
            median_reply_s=None if median_reply_s is None else max(1, -(-median_reply_s // 3600)) * 3600,
        )

    @property
    def median_reply_hours(self) -> int | None:
        return None if self.median_reply_s is None else self.median_reply_s // 3600


@dataclass(frozen=True, kw_only=True, slots=True)
class Seen:
    """How somebody's presence shows to one other person. `last_seen_at` is coarse, and None while they are online,
    where one of the two does not share it, or where it is not known."""

    is_online: bool = False
    last_seen_at: datetime | None = None


NOT_SEEN = Seen()
