"""What upper apps do with disputes about answers. Filled in their `AppConfig.ready()`."""

from __future__ import annotations

import uuid
from typing import Protocol


class DisputeOpened(Protocol):
    """Called inside the transaction that freezes the credits; raising undoes it."""

    def __call__(self, *, uid: uuid.UUID, fan_uid: uuid.UUID, creator_uid: uuid.UUID) -> None: ...


class DisputeClosed(Protocol):
    """Called inside the transaction that ends a dispute without staff: `outcome` is its new state."""

    def __call__(self, *, uid: uuid.UUID, outcome: str) -> None: ...


_opened: list[DisputeOpened] = []
_closed: list[DisputeClosed] = []


def on_dispute(*, opened: DisputeOpened, closed: DisputeClosed) -> None:
    """Run these for every dispute. Registering twice is once."""
    if opened not in _opened:
        _opened.append(opened)
    if closed not in _closed:
        _closed.append(closed)


def run_opened(*, uid: uuid.UUID, fan_uid: uuid.UUID, creator_uid: uuid.UUID) -> None:
    """Called by the service of answers only."""
    for hook in _opened:
        hook(uid=uid, fan_uid=fan_uid, creator_uid=creator_uid)


def run_closed(*, uid: uuid.UUID, outcome: str) -> None:
    """Called by the service of answers only."""
    for hook in _closed:
        hook(uid=uid, outcome=outcome)
