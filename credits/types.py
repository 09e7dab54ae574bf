from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Balance:
    """What a user can spend and what is tied up, in hundredths of a credit."""

    balance_centi: int
    promo_centi: int
    held_centi: int
    debt_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Earnings:
    """What a creator has earned, in hundredths of a credit; `withdrawable` has matured and is not promo."""

    earned_centi: int
    withdrawable_centi: int
    promo_earned_centi: int
    held_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """Result of an operation with an op row."""

    balance_centi: int
    is_replay: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldState:
    """A hold as its conversation sees it."""

    id: int
    state: str
    actor: int
    amount_centi: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class WeekOfHolds:
    """What became of the holds that began in one week (`start`: its Monday, UTC), in hundredths of a credit."""

    start: date
    answered_centi: int
    open_centi: int
    returned_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class VoidedHold:
    """A hold that went back to the fan."""

    id: int
    op: uuid.UUID
    actor: int
    payee: int
    scope: int
    position: int
    amount_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TransactionRow:
    """One line of the wallet: a transfer seen from the user's account, signed."""

    id: int
    transaction_type: str
    amount_centi: int
    balance_after_centi: int | None
    description: str
    metadata: dict[str, Any]
    created_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One invariant of the ledger: `difference` is empty when it holds."""

    name: str
    meaning: str
    difference: str

    @property
    def is_ok(self) -> bool:
        return not self.difference
