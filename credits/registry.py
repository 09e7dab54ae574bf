"""What upper apps do when holds go back for a reason outside of them. Filled in their `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from .types import VoidedHold


class HoldsVoided(Protocol):
    """Called inside the transaction that took a payment's credits back, with the open holds that it voided."""

    def __call__(self, *, voided: Sequence[VoidedHold], at: datetime) -> None: ...


_voided: list[HoldsVoided] = []


def on_holds_voided(hook: HoldsVoided) -> None:
    """Run `hook` for holds that were voided because their payment was reversed. Registering twice is once."""
    if hook not in _voided:
        _voided.append(hook)


def run_holds_voided(*, voided: Sequence[VoidedHold], at: datetime) -> None:
    """Called by who took the money back."""
    for hook in _voided if voided else ():
        hook(voided=voided, at=at)
