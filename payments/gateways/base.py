"""What the product asks of any payment provider, in the product's own words."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol


class GatewayError(Exception):
    """A provider could not do what was asked."""


class ProviderUnreachable(GatewayError):
    """No usable answer: network, timeout, 5xx, too many requests. Trying again with the same id is safe."""


class BalanceTooLow(ProviderUnreachable):
    """The provider has too little of our money for what was asked: nothing was done, and later it may be."""


class ProviderRefused(GatewayError):
    """The provider understood and said no; `code` is its own word."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BadSignature(GatewayError):
    """A webhook that the provider did not send as it came: forged, altered, stale or unreadable."""


class ProviderStatus(StrEnum):
    """CREATED waits for the customer, UNPAID waits for the money, PAID has it."""

    CREATED = "created"
    PAID = "paid"
    UNPAID = "unpaid"
    EXPIRED = "expired"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckoutRequest:
    """One purchase. `payment_id` is our public id and the provider's idempotency key."""

    payment_id: uuid.UUID
    amount_minor: int
    currency: str
    description: str
    success_url: str
    cancel_url: str
    metadata: Mapping[str, str]


@dataclass(frozen=True, kw_only=True, slots=True)
class CheckoutSession:
    """Where the customer pays."""

    id: str
    url: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderRefund:
    """Money that went, or goes, back to who paid. `state`: pending, succeeded or failed; `refund_id` is ours, "" where
    the provider's own page or the bank began it."""

    id: str
    amount_minor: int
    state: str
    reason: str
    refund_id: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderDispute:
    """What the payer's bank says. `state`: warning (nothing was taken), open, won or lost; `fee_minor` is what the
    provider keeps for it, `evidence_due_at` until when it can be answered."""

    id: str
    amount_minor: int
    state: str
    reason: str
    fee_minor: int
    evidence_due_at: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderCard:
    """The provider's name of a card, the same for the same card, and its bank's country (ISO); "" where it is unknown.
    Nothing of the number."""

    fingerprint: str
    country: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderDecline:
    """A try that the bank declined."""

    id: str
    card: ProviderCard | None


@dataclass(frozen=True, kw_only=True, slots=True)
class ProviderPayment:
    """The provider's truth about one checkout.

    `reference` is the `payment_id` we gave. Amount and currency (ISO code, upper case) are what was received
    once PAID, what was asked before. `provider_object_id` is the payment itself (Stripe: PaymentIntent), or
    is "" while there is none. `returned_minor` was refunded; `is_disputed`: the bank took it back; `is_warned`: the
    card's network expects a dispute (Stripe's early fraud warning). `card` is what paid, `declines` what did not.
    """

    session_id: str
    reference: str
    status: ProviderStatus
    provider_object_id: str
    amount_minor: int
    currency: str
    livemode: bool
    returned_minor: int = 0
    is_disputed: bool = False
    refunds: tuple[ProviderRefund, ...] = ()
    disputes: tuple[ProviderDispute, ...] = ()
    is_warned: bool = False
    card: ProviderCard | None = None
    declines: tuple[ProviderDecline, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class WebhookEvent:
    """A verified notice. `payload` is what is kept of it, nothing personal.

    `session_id` is "" unless the event is about a checkout; `reference` (the `payment_id` we gave) and
    `payment_object_id` unless the object carries them.
    """

    id: str
    type: str
    object_id: str
    livemode: bool
    session_id: str
    reference: str
    payment_object_id: str
    payload: Mapping[str, Any]


class PaymentGateway(Protocol):
    """One provider. Methods may raise ProviderUnreachable or ProviderRefused unless they say otherwise."""

    @property
    def is_live(self) -> bool:
        """Whether real money moves."""
        ...

    def create_checkout(self, *, request: CheckoutRequest) -> CheckoutSession:
        """Open a checkout. The same `payment_id` with the same content gives the same session."""
        ...

    def fetch_payment(self, *, session_id: str) -> ProviderPayment:
        """Ask the provider what became of a checkout."""
        ...

    def find_reference(self, *, provider_object_id: str) -> str:
        """The `payment_id` we gave to whatever led to this payment; "" for one of somebody else's. For a notice that
        comes before we know the payment by the provider's id."""
        ...

    def refund(
        self, *, refund_id: uuid.UUID, provider_object_id: str, amount_minor: int, reason: str
    ) -> ProviderRefund:
        """Send money back. `refund_id` is ours and the provider's idempotency key."""
        ...

    def accept_dispute(self, *, dispute_id: str) -> None:
        """Give a dispute up: it is lost, for good. One that has ended is left as it is."""
        ...

    def parse_webhook(self, *, headers: Mapping[str, str], body: bytes) -> WebhookEvent:
        """Verify a webhook over its raw body; `headers` by lower-case name. Raises only BadSignature."""
        ...
