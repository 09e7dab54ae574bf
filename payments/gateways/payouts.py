"""What the product asks of whoever carries money to creators, in the product's own words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class PayoutState(StrEnum):
    """PENDING is on its way, PAID has left for the payee, RETURNED never left or is back with us."""

    PENDING = "pending"
    PAID = "paid"
    RETURNED = "returned"


class ArrivalState(StrEnum):
    """What the payee's bank did with money that had left for it."""

    UNDER_WAY = "under_way"
    ARRIVED = "arrived"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """The newest try to bring a payout from the payee's account to their bank; `reason`, a code of ours: why not."""

    state: ArrivalState
    reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRequest:
    """Somebody who is to be paid. `method_id` is our public id of the method and the provider's idempotency key.

    `details` are the account's, as the kind asks for them; they go to the provider and nowhere else.
    """

    method_id: uuid.UUID
    payee_id: uuid.UUID
    name: str
    email: str
    country: str
    currency: str
    details: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderAccount:
    """Where money can go. `label` is what people recognise it by, at most four of its digits; `identity` is the same
    text for the same account whoever has it (never shown or kept, only hashed), "" while it is unknown."""

    id: str
    is_ready: bool
    label: str
    identity: str = field(repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class PayoutOrder:
    """One payout. `payout_id` is our public id and the reference the provider keeps; with `attempt`, which counts the
    sendings of which the provider said that they made none, it is the idempotency key."""

    payout_id: uuid.UUID
    account_id: str
    amount_minor: int
    currency: str
    attempt: int = 0

    @property
    def key(self) -> str:
        """The idempotency key. The first one is the reference itself."""
        return f"{self.payout_id}:{self.attempt}" if self.attempt else str(self.payout_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderPayout:
    """The provider's truth about a payout. `reference` is the `payout_id` we gave, `reason` why it came back, or waits
    at the provider: a code of ours."""

    id: str
    reference: str
    state: PayoutState
    amount_minor: int
    currency: str
    reason: str = ""


class PayoutGateway(Protocol):
    """One way out. Methods may raise ProviderUnreachable or ProviderRefused unless they say otherwise."""

    def open_account(self, *, request: AccountRequest) -> ProviderAccount:
        """Make the payee known. The same `method_id` with the same content gives the same account."""
        ...

    def account_link(self, *, account_id: str, return_url: str, refresh_url: str) -> str:
        """The provider's page where the payee completes what is missing; it lives minutes and works once."""
        ...

    def fetch_account(self, *, account_id: str) -> ProviderAccount:
        """Ask the provider what became of an account."""
        ...

    def available_minor(self, *, currency: str) -> int | None:
        """What we have there to pay from, None where the provider itself waits for our money."""
        ...

    def create_payout(self, *, order: PayoutOrder) -> ProviderPayout:
        """Send money. The same key with the same content is the same payout. May raise BalanceTooLow: it made none, and
        never makes one of this key."""
        ...

    def fetch_arrivals(self, *, account_id: str, since: datetime) -> Mapping[str, Arrival]:
        """What became, beyond a payout that is PAID, of money that has left since then for the account: by the
        provider's ids of our payouts. Those without one are not in it; nor is any where PAID means the bank has it."""
        ...

    def fetch_payout(self, *, payout_id: uuid.UUID, provider_payout_id: str) -> ProviderPayout | None:
        """Ask what became of a payout: by the provider's id, or, where that is "", by ours. None: there is none."""
        ...
