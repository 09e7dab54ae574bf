"""Frames the server pushes; one function a frame, one JSON Schema each in `messaging/schemas/`."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from .types import Srv

Frame = dict[str, Any]
ApprovalState = Literal["asked", "granted", "refused"]
RequestState = Literal["asked", "accepted", "declined"]
SettledState = Literal["posted", "voided", "answered"]


def message(*, conversation: uuid.UUID, envelope: dict[str, Any], srv: Srv) -> Frame:
    return {"type": "message", "conversation": str(conversation), "envelope": envelope, "srv": srv}


def receipt(*, conversation: uuid.UUID, user_id: uuid.UUID, **marks: int) -> Frame:
    """`delivered_n` and/or `read_n` of `user_id`."""
    return {"type": "receipt", "conversation": str(conversation), "user_id": str(user_id), **marks}


def typing(*, user_id: uuid.UUID) -> Frame:
    return {"type": "typing", "user_id": str(user_id)}


def presence(*, user_id: uuid.UUID, is_online: bool, last_seen_at: datetime | None) -> Frame:
    """`last_seen_at` (ISO 8601, UTC, coarse) is null while they are online, and where one of the two hides it."""
    return {
        "type": "presence",
        "user_id": str(user_id),
        "is_online": is_online,
        "last_seen_at": last_seen_at.isoformat() if last_seen_at else None,
    }


def balance(*, balance_centi: int) -> Frame:
    return {"type": "balance", "balance_centi": balance_centi}


def hold_released(*, conversation: uuid.UUID, n_released: int, earned_centi: int) -> Frame:
    return {
        "type": "hold.released",
        "conversation": str(conversation),
        "n_released": n_released,
        "earned_centi": earned_centi,
    }


def hold_refunded(*, conversation: uuid.UUID, n: int, amount_centi: int) -> Frame:
    return {"type": "hold.refunded", "conversation": str(conversation), "n": n, "amount_centi": amount_centi}


def key_changed(*, user_id: uuid.UUID) -> Frame:
    return {"type": "key.changed", "user_id": str(user_id)}


def hold_expiring(*, conversation: uuid.UUID, n: int, amount_centi: int, expires_at: datetime) -> Frame:
    """Without an answer by `expires_at` the credits go back; to both, once a hold."""
    return {
        "type": "hold.expiring",
        "conversation": str(conversation),
        "n": n,
        "amount_centi": amount_centi,
        "expires_at": expires_at.isoformat(),
    }


def hold_frozen(*, conversation: uuid.UUID, n: int, amount_centi: int) -> Frame:
    """The fan said that the answer was none: staff decide. To both."""
    return {"type": "hold.frozen", "conversation": str(conversation), "n": n, "amount_centi": amount_centi}


def hold_settled(*, conversation: uuid.UUID, n: int, state: SettledState) -> Frame:
    """Staff decided about what was frozen: the creator keeps it, or it went back; or the creator is paid a day after
    the answer (answered, then posted). To both."""
    return {"type": "hold.settled", "conversation": str(conversation), "n": n, "state": state}


def price_changed(*, user_id: uuid.UUID, price_centi: int) -> Frame:
    """The price in force of the creator `user_id`; to their latest pen friends."""
    return {"type": "price.changed", "user_id": str(user_id), "price_centi": price_centi}


def message_unreadable(*, conversation: uuid.UUID, n: int) -> Frame:
    """No key of the recipient opens message `n` any more; to its sender."""
    return {"type": "message.unreadable", "conversation": str(conversation), "n": n}


def device_approval(*, approval_id: uuid.UUID, state: ApprovalState) -> Frame:
    """A device of the user asks to be let in by another, or was answered; to the user's own sockets."""
    return {"type": "device.approval", "approval_id": str(approval_id), "state": state}


def request(*, conversation: uuid.UUID, state: RequestState) -> Frame:
    """A request to write: to whom it is for when it is asked, and to their other pages when they answered it."""
    return {"type": "request", "conversation": str(conversation), "state": state}


def planned(*, id: uuid.UUID, state: str) -> Frame:
    """A message that a device is to seal and send moved on; to the user's own sockets."""
    return {"type": "planned", "id": str(id), "state": state}


def away(*, user_id: uuid.UUID, until: datetime | None) -> Frame:
    """The creator `user_id` is away until then, None: is back; to their latest pen friends."""
    return {"type": "away", "user_id": str(user_id), "until": until.isoformat() if until else None}
