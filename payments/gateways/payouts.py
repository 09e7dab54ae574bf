"""What the product asks of whoever carries money to creators, in the product's own words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class PayoutState(StrEnum):
    """PENDING is on its way, PAID has left for the payee, RETURNED never left or is back with us."""

    PENDING = "pending"
    PAID = "paid"
    RETURNED = "returned"


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
    """One payout. `payout_id` is our public id, the reference the provider keeps and its idempotency key."""

    payout_id: uuid.UUID
    account_id: str
    amount_minor: int
    currency: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderPayout:
    """The provider's truth about a payout. `reference` is the `payout_id` we gave, `reason` why it came back: a code
    of ours."""

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

    def create_payout(self, *, order: PayoutOrder) -> ProviderPayout:
        """Send money. The same `payout_id` with the same content is the same payout."""
        ...

    def fetch_payout(self, *, payout_id: uuid.UUID, provider_payout_id: str) -> ProviderPayout | None:
        """Ask what became of a payout: by the provider's id, or, where that is "", by ours. None: there is none."""
        ...
