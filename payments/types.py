from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, kw_only=True, slots=True)
class Package:
    """Credits in hundredths and what they cost, in minor units by ISO code."""

    id: str
    credits_centi: int
    prices_minor: Mapping[str, int]


@dataclass(frozen=True, kw_only=True, slots=True)
class PurchaseFacts:
    """What is known of a buyer: numbers and flags, nothing that names anybody. A day is the last 24 hours."""

    account_age_hours: int
    is_email_confirmed: bool
    n_started_day: int
    n_failed_day: int
    n_lost: int
    n_disputed: int
    paid_day_centi: int
    debt_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What is thought of a purchase: `allow`, `review` (it goes on, staff looks) or `refuse`, and the rules that spoke
    as `{"code", "weight"}`, the heaviest first. `detail` is what to do next where it is refused."""

    action: Literal["allow", "review", "refuse"]
    score: int
    reasons: tuple[Mapping[str, Any], ...]
    facts: PurchaseFacts
    detail: StrOrPromise = ""

    @property
    def codes(self) -> list[str]:
        return [str(reason["code"]) for reason in self.reasons]


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """One package in one currency."""

    package_id: str
    credits_centi: int
    currency: str
    amount_minor: int
    extra_percent: int = 0  # whole percents more credits for the money than in the smallest package

    @property
    def n_credits(self) -> int:
        """Whole credits, as packages are sold in."""
        return self.credits_centi // 100

    @property
    def amount(self) -> str:
        """The price with two decimals, as all three currencies are written."""
        return self.part(self.amount_minor)

    def part(self, minor: int) -> str:
        """A part of the price, written the same way."""
        return f"{minor // 100:,}.{minor % 100:02d}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Withdrawable:
    """What a creator can ask for now. `obstacles` are the codes of the Problems that a request would meet, in their
    order; none means that up to `withdrawable_centi` can be asked for."""

    withdrawable_centi: int
    maturing_centi: int
    promo_centi: int
    locked_centi: int
    minimum_centi: int
    obstacles: tuple[str, ...]

    @property
    def can_ask(self) -> bool:
        return not self.obstacles


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportRow:
    """A payout that was made, or came back after that: then both amounts are negative."""

    at: datetime
    payout_uid: uuid.UUID
    status: str
    method_label: str
    currency: str
    amount_minor: int
    amount_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class YearlyReport:
    """What one creator was paid in a year (UTC): the rows, oldest first, and their sums by currency in minor units."""

    year: int
    rows: tuple[ReportRow, ...]
    totals_minor: Mapping[str, int]
    total_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TracedPart:
    """A message (`scope`: its conversation's number, `position`: its own) or an unlock (`scope` below 0) that a
    reversed payment funded, and what covers it, in hundredths: `held_centi` went back out of escrow, `reserve_centi`
    and `debt_centi` stand for what its creator keeps. A creator sees the sum of those two as `platform_centi`."""

    hold_id: int
    scope: int
    position: int
    actor: int
    payee: int
    state: str
    created_at: datetime
    funded_centi: int
    held_centi: int = 0
    reserve_centi: int = 0
    debt_centi: int = 0
    platform_centi: int = 0

    @property
    def is_unlock(self) -> bool:
        return self.scope < 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """What a refund or dispute touched. The amounts are the buyer's and staff's to know; a creator gets zeros."""

    uid: uuid.UUID
    kind: str
    state: str
    created_at: datetime
    parts: Sequence[TracedPart]
    payment_uid: uuid.UUID | None = None
    amount_minor: int = 0
    currency: str = ""
    unspent_centi: int = 0
    held_centi: int = 0
    reserve_centi: int = 0
    debt_centi: int = 0
    other_centi: int = 0

    @property
    def given_back_centi(self) -> int:
        """What went out of escrow because of it, over all parts."""
        return sum(part.held_centi for part in self.parts)

    @property
    def platform_centi(self) -> int:
        """What a creator keeps although its payment was reversed, over all parts."""
        return sum(part.platform_centi for part in self.parts)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a part of a reversed payment went, as its buyer or its payee may open it: a conversation, or an item of a
    shop and its `unlock`, which is the buyer's. `name` is what the other side is called; ids are None, and `title` is
    empty, of what is gone."""

    part: TracedPart
    name: str
    conversation: uuid.UUID | None = None
    item: uuid.UUID | None = None
    unlock: uuid.UUID | None = None
    title: str = ""

    @property
    def is_unlock(self) -> bool:
        return self.part.is_unlock


@dataclass(frozen=True, kw_only=True, slots=True)
class TouchedCase:
    """A refund or dispute and where its credits were, for one of the people whom it touched."""

    trace: Trace
    places: Sequence[Place]


@dataclass(frozen=True, kw_only=True, slots=True)
class PaymentCounts:
    """How many payments somebody made, and how many refunds and disputes these had."""

    n_paid: int
    n_refunds: int
    n_disputes: int
