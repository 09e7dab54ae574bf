"""What upper apps do when holds go back for a reason outside of them, and what they call the places of holds. Filled in
their `AppConfig.ready()`."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
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


# -- places
class Conversations(Protocol):
    """Called with scopes of holds (above 0); gives the public ids of the conversations that they are numbers of."""

    def __call__(self, *, ids: Collection[int]) -> dict[int, uuid.UUID]: ...


_conversations: list[Conversations] = []


def on_conversations(hook: Conversations) -> None:
    """Ask `hook` what conversations are called. Registering twice is once."""
    if hook not in _conversations:
        _conversations.append(hook)


def list_conversations(*, scopes: Collection[int]) -> dict[int, uuid.UUID]:
    """The public ids of the conversations in which holds of these scopes were made; nothing is asked about none."""
    found: dict[int, uuid.UUID] = {}
    for hook in _conversations if scopes else ():
        found |= hook(ids=scopes)
    return found
