from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal, TypeAlias


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
class TakenBack:
    """Where the credits of a refund or dispute were found, in hundredths; `hold_ids` are the open holds voided for it.
    `debt_centi` is what its buyer owes."""

    unspent_centi: int
    held_centi: int
    reserve_centi: int
    debt_centi: int
    hold_ids: list[int]
    is_replay: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Reinstated:
    """Where the credits of a dispute that was won went, in hundredths; zeros for a repetition."""

    to_fan_centi: int
    to_debt_centi: int
    to_reserve_centi: int
    is_replay: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldState:
    """A hold as its conversation sees it.

    `answer_op` is the operation of the reply that settled or marked it, `held_until` when an answered one is paid or a
    frozen one goes back, `matures_at` until when a posted one can be given back. `reason` says why a voided one went
    back; None is the deadline.
    """

    id: int
    state: str
    actor: int
    payee: int
    amount_centi: int
    created_at: datetime
    expires_at: datetime
    answer_op: uuid.UUID | None = None
    answered_at: datetime | None = None
    held_until: datetime | None = None
    matures_at: datetime | None = None
    dispute_op: uuid.UUID | None = None
    reason: str | None = None


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
class LotSpending:
    """A message or an unlock (`scope` below 0) that one purchase paid for: `funded_centi` of it at first, and
    `spent_centi` now, which is 0 once its hold went back."""

    hold_id: int
    scope: int
    position: int
    actor: int
    payee: int
    state: str
    created_at: datetime
    settled_op: uuid.UUID | None
    funded_centi: int
    spent_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class GivenBack:
    """A hold that its payee gave back. `was` is the state before; `is_replay` says that the same call did it before."""

    hold_id: int
    actor: int
    amount_centi: int
    was: str
    dispute_op: uuid.UUID | None
    is_replay: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Frozen:
    """The holds of one reply, frozen by a dispute."""

    payee: int
    amount_centi: int
    positions: list[int]
    answered_at: datetime
    decide_by: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class DecidedHolds:
    """What a decision did: nothing where all was given back before it."""

    amount_centi: int
    positions: list[int]


@dataclass(frozen=True, kw_only=True, slots=True)
class PaidHold:
    """An answered hold that was paid after its delay."""

    id: int
    actor: int
    payee: int
    scope: int
    position: int
    amount_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerRecord:
    """Of a payee's last paid replies: how many, and how many staff found to be no answer."""

    n_replies: int
    n_upheld: int
    delayed_until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ExpiringHold:
    """A hold that goes back to the fan at `expires_at` if no answer comes."""

    id: int
    actor: int
    payee: int
    scope: int
    position: int
    amount_centi: int
    expires_at: datetime


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


CapName: TypeAlias = Literal["day", "week", "month"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Cap:
    """A spending cap, in hundredths of a credit: what its owner chose (None: none), what holds (that, or less for an
    account that is not verified), what is used of it, when its window ends, and a raise that waits."""

    name: CapName
    own_centi: int | None
    limit_centi: int | None
    used_centi: int
    resets_at: datetime
    raise_at: datetime | None = None
    raise_to_centi: int | None = None  # None with a `raise_at`: the cap will end

    @property
    def left_centi(self) -> int | None:
        return None if self.limit_centi is None else max(0, self.limit_centi - self.used_centi)


@dataclass(frozen=True, kw_only=True, slots=True)
class Caps:
    """All of somebody's spending caps, and until when they wanted to spend nothing."""

    caps: list[Cap]
    cool_off_until: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One invariant of the ledger: `difference` is empty when it holds."""

    name: str
    meaning: str
    difference: str

    @property
    def is_ok(self) -> bool:
        return not self.difference
