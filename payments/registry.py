"""What upper apps do with payouts and with disputes of payments. Filled in their `AppConfig.ready()`."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Protocol


class PayoutRequested(Protocol):
    """Called inside the transaction that sets the money aside; raising undoes it. `is_high` asks for a look soon."""

    def __call__(self, *, uid: uuid.UUID, creator_uid: uuid.UUID, is_high: bool) -> None: ...


class PayoutWithdrawn(Protocol):
    """Called inside the transaction that ends a payout without staff: `outcome` is why, "cancelled" for its creator."""

    def __call__(self, *, uid: uuid.UUID, outcome: str) -> None: ...


_requested: list[PayoutRequested] = []
_withdrawn: list[PayoutWithdrawn] = []


def on_payout(*, requested: PayoutRequested, withdrawn: PayoutWithdrawn) -> None:
    """Run these for every payout. Registering twice is once."""
    if requested not in _requested:
        _requested.append(requested)
    if withdrawn not in _withdrawn:
        _withdrawn.append(withdrawn)


def run_requested(*, uid: uuid.UUID, creator_uid: uuid.UUID, is_high: bool = False) -> None:
    """Called by the services of payouts only."""
    for hook in _requested:
        hook(uid=uid, creator_uid=creator_uid, is_high=is_high)


def run_withdrawn(*, uid: uuid.UUID, outcome: str) -> None:
    """Called by the services of payouts only."""
    for hook in _withdrawn:
        hook(uid=uid, outcome=outcome)


# -- disputes of payments
class PaymentDisputed(Protocol):
    """Called inside the transaction that takes the credits of a dispute; `uid` is its row's. Raising undoes it."""

    def __call__(self, *, uid: uuid.UUID, buyer_uid: uuid.UUID, due_at: datetime | None) -> None: ...


class PaymentDisputeClosed(Protocol):
    """Called inside the transaction that writes down how a bank decided: `outcome` is won or lost."""

    def __call__(self, *, uid: uuid.UUID, outcome: str) -> None: ...


_opened: list[PaymentDisputed] = []
_closed: list[PaymentDisputeClosed] = []


def on_payment_dispute(*, opened: PaymentDisputed, closed: PaymentDisputeClosed) -> None:
    """Run these for every dispute of a payment. Registering twice is once."""
    if opened not in _opened:
        _opened.append(opened)
    if closed not in _closed:
        _closed.append(closed)


def run_opened(*, uid: uuid.UUID, buyer_uid: uuid.UUID, due_at: datetime | None) -> None:
    """Called by the service of returns only."""
    for hook in _opened:
        hook(uid=uid, buyer_uid=buyer_uid, due_at=due_at)


def run_closed(*, uid: uuid.UUID, outcome: str) -> None:
    """Called by the service of returns only."""
    for hook in _closed:
        hook(uid=uid, outcome=outcome)


class AcceptanceRefused(Protocol):
    """Called inside the transaction that writes down that the provider did not take the acceptance of a dispute."""

    def __call__(self, *, uid: uuid.UUID) -> None: ...


_acceptance_refused: list[AcceptanceRefused] = []


def on_acceptance_refused(hook: AcceptanceRefused) -> None:
    """Run this whenever a provider refuses that a dispute is accepted. Registering twice is once."""
    if hook not in _acceptance_refused:
        _acceptance_refused.append(hook)


def run_acceptance_refused(*, uid: uuid.UUID) -> None:
    """Called by the service of answers to disputes only."""
    for hook in _acceptance_refused:
        hook(uid=uid)
