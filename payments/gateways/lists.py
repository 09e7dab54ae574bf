"""A provider's own list of what moved in a time, in the product's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol, TypeAlias

# Of each, `object_id` is what we know it by: the payment, the refund, the dispute, the payout. `to_bank` and
# `from_bank` are between the provider and our own bank account; `other` is anything that we do not know.
MovementKind: TypeAlias = Literal[
    "payment",
    "refund",
    "refund_back",
    "dispute",
    "dispute_back",
    "payout",
    "payout_back",
    "to_bank",
    "from_bank",
    "other",
]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderMovement:
    """One movement, by the provider's own name for it (`id`). The amount is positive and in the object's currency
    (minor units, ISO code in upper case), the fee in that of the account. `word` is what the provider calls it."""

    id: str
    kind: MovementKind
    word: str
    object_id: str
    amount_minor: int
    currency: str
    fee_minor: int
    fee_currency: str
    at: datetime


class MovementList(Protocol):
    """One provider's list."""

    def list_movements(self, *, begin: datetime, end: datetime) -> Iterator[ProviderMovement]:
        """What moved from `begin` to before `end`. Raises ProviderUnreachable, ProviderRefused."""
        ...
