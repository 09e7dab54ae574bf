"""What upper apps do when scoring finds something. Filled in their `AppConfig.ready()`."""

from __future__ import annotations

import uuid
from typing import Protocol


class AlertOpened(Protocol):
    """Called in the transaction that raises an alert, and again when it becomes graver (`is_high`)."""

    def __call__(self, *, uid: uuid.UUID, user_uid: uuid.UUID, is_high: bool) -> None: ...


_opened: list[AlertOpened] = []


def on_alert(opened: AlertOpened) -> None:
    """Run this for every new alert. Registering twice is once."""
    if opened not in _opened:
        _opened.append(opened)


def run_opened(*, uid: uuid.UUID, user_uid: uuid.UUID, is_high: bool) -> None:
    """Called by the service of alerts only."""
    for hook in _opened:
        hook(uid=uid, user_uid=user_uid, is_high=is_high)
