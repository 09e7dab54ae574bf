"""Frames the server pushes; one function a frame, one JSON Schema each in `messaging/schemas/`."""

from __future__ import annotations

import uuid
from typing import Any

from .types import Srv

Frame = dict[str, Any]


def message(*, conversation: uuid.UUID, envelope: dict[str, Any], srv: Srv) -> Frame:
    return {"type": "message", "conversation": str(conversation), "envelope": envelope, "srv": srv}


def receipt(*, conversation: uuid.UUID, user_id: uuid.UUID, **marks: int) -> Frame:
    """`delivered_n` and/or `read_n` of `user_id`."""
    return {"type": "receipt", "conversation": str(conversation), "user_id": str(user_id), **marks}


def typing(*, user_id: uuid.UUID) -> Frame:
    return {"type": "typing", "user_id": str(user_id)}


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
