from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypedDict


class Srv(TypedDict):
    """The server's part of a message (e2e section 2.5); byte strings as unpadded base64url."""

    n: int
    recv_ms: int
    prev: str
    head: str
    skid: str
    receipt: str


@dataclass(frozen=True, kw_only=True, slots=True)
class HoldRef:
    id: int
    expires_at: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class SentMessage:
    """What a send changed. `is_replay`: an identical retry, nothing was charged or written."""

    conversation: uuid.UUID
    sender: uuid.UUID
    recipient: uuid.UUID
    message_id: uuid.UUID
    envelope: dict[str, Any]
    srv: Srv
    charged_centi: int
    balance_centi: int
    hold: HoldRef | None
    n_released: int
    earned_centi: int
    is_replay: bool
    # "asked" or "declined" while the conversation is a request to the recipient.
    request: str = ""

    def ack(self) -> dict[str, Any]:
        """The sender's answer, the same over REST and socket."""
        hold = self.hold and {"id": str(self.hold.id), "expires_at": self.hold.expires_at.isoformat()}
        return {
            "srv": self.srv,
            "charged_centi": self.charged_centi,
            "balance_centi": self.balance_centi,
            "hold": hold,
        }


@dataclass(frozen=True, kw_only=True, slots=True)
class Unreadable:
    """What became of a message that its reader could not open; `amount_centi` went back, 0 where nothing was held."""

    n: int
    amount_centi: int


@dataclass(frozen=True, kw_only=True, slots=True)
class TrackRecord:
    """How disputes of one person ended: those they opened as a fan, or those about their replies as a creator."""

    n_open: int
    n_upheld: int
    n_rejected: int
    n_conceded: int
    n_undecided: int
