"""The security log: one event, written as a line of text and as JSON, kept 90 days."""

from __future__ import annotations

import uuid
from typing import Literal

Outcome = Literal["success", "failure", "unknown"]


def write(
    *,
    action: str,
    outcome: Outcome,
    severity: Literal["info", "notice", "warning", "critical"] = "info",
    user_uid: uuid.UUID | None = None,
    ip: str = "",
    reason: str = "",
    **details: str | int | bool | None,
) -> None:
    """Write an event. `action` is a dotted code (`limit.refused`), `details` holds ids and codes: never a name, an
    address of a person, words of a message, a token or a code. Never raises.
    """
