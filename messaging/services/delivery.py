"""Pushing what is committed to the sockets of both users, and repeating what a crash left unpushed.

The message row is its own outbox: `pushed` turns true once the channel layer took the frame, together with
the stored receipt. Nothing here can fail a send; the sweeper finds rows that stayed unpushed.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import connection

from pairly.common.after_commit import push_now
from pairly.common.clock import now_ms

from .. import events, selectors
from ..protocol.base64url import b64u_decode
from ..types import SentMessage

SWEEP_AFTER_MS = 5_000


def deliver(*, sent: SentMessage) -> None:
    """Push a fresh message to the other person and to the sender's other devices, then mark it."""
    frame = events.message(conversation=sent.conversation, envelope=sent.envelope, srv=sent.srv)
    took = [push_now(user_id=user, event=frame) for user in (sent.recipient, sent.sender)]
    if sent.charged_centi:
        push_now(user_id=sent.sender, event=events.balance(balance_centi=sent.balance_centi))
    if sent.n_released:
        released = events.hold_released(
            conversation=sent.conversation, n_released=sent.n_released, earned_centi=sent.earned_centi
        )
        push_now(user_id=sent.sender, event=released)
        push_now(user_id=sent.recipient, event=released)
    if all(took):
        _mark_pushed(conversation=sent.conversation, n=sent.srv["n"], receipt=b64u_decode(sent.srv["receipt"]))


def push_refunds(*, refunds: list[dict[str, Any]]) -> None:
    """Tell both sides of holds that the deadline gave back."""
    for refund in refunds:
        frame = events.hold_refunded(
            conversation=refund["conversation"], n=refund["n"], amount_centi=refund["amount_centi"]
        )
        for user in refund["users"]:
            push_now(user_id=user, event=frame)


def sweep(*, limit: int = 200) -> int:
    """Push messages that a crash left unpushed for SWEEP_AFTER_MS; returns how many."""
    n = 0
    for row in selectors.list_unpushed(before_ms=now_ms() - SWEEP_AFTER_MS, limit=limit):
        frame = events.message(conversation=row.conversation, envelope=row.envelope, srv=row.srv)
        took = [push_now(user_id=user, event=frame) for user in row.users]  # both, even if one fails
        if all(took):
            _mark_pushed(conversation=row.conversation, n=row.srv["n"], receipt=b64u_decode(row.srv["receipt"]))
            n += 1
    return n


def _mark_pushed(*, conversation: uuid.UUID, n: int, receipt: bytes) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messaging_message m SET pushed = true, receipt = %s::bytea FROM messaging_conversation c "
            "WHERE c.uid = %s::uuid AND m.conversation_id = c.id AND m.n = %s::bigint",
            [receipt, conversation, n],
        )
