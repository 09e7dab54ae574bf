"""Pushing what is committed to the sockets of both users, and repeating what a crash left unpushed.

The message row is its own outbox. A taken push leaves a note in Redis; every few seconds the sweeper turns the notes
into `pushed` and the stored receipt, many rows in one statement, and pushes again what is older and has no note. So
a send writes its row once. Nothing here can fail a send; a frame that comes twice is known to clients by its n.
"""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from django.db import connection
from redis import RedisError

from pairly.common.after_commit import push_all, push_now
from pairly.common.clock import now_ms
from pairly.common.redis import get_client
from pairly.common.redis import key as redis_key

from .. import events, selectors
from ..protocol.base64url import b64u_decode
from ..types import SentMessage, Srv

log = structlog.get_logger(__name__)

SWEEP_AFTER_MS = 5_000
MARKS_AT_ONCE = 1_000
_NOTE_LENGTH = 16 + 8 + 64


def deliver(*, sent: SentMessage) -> None:
    """Push a fresh message to the other person and to the sender's other devices, in one round trip."""
    frame = events.message(conversation=sent.conversation, envelope=sent.envelope, srv=sent.srv)
    pushes = [(sent.recipient, frame), (sent.sender, frame)]
    if sent.charged_centi:
        pushes.append((sent.sender, events.balance(balance_centi=sent.balance_centi)))
    if sent.n_released:
        released = events.hold_released(
            conversation=sent.conversation, n_released=sent.n_released, earned_centi=sent.earned_centi
        )
        pushes += [(sent.sender, released), (sent.recipient, released)]
    push_all(pushes=pushes, note=(_notes_key(), _note(sent.conversation, sent.srv)))


def push_refunds(*, refunds: list[dict[str, Any]]) -> None:
    """Tell both sides of holds that the deadline gave back."""
    for refund in refunds:
        frame = events.hold_refunded(
            conversation=refund["conversation"], n=refund["n"], amount_centi=refund["amount_centi"]
        )
        for user in refund["users"]:
            push_now(user_id=user, event=frame)


def sweep(*, limit: int = 200) -> int:
    """Mark what was pushed, then push messages that a crash left unpushed for SWEEP_AFTER_MS; returns how many."""
    mark_pushed()
    n = 0
    for row in selectors.list_unpushed(before_ms=now_ms() - SWEEP_AFTER_MS, limit=limit):
        frame = events.message(conversation=row.conversation, envelope=row.envelope, srv=row.srv)
        note = (_notes_key(), _note(row.conversation, row.srv))
        n += push_all(pushes=[(user, frame) for user in row.users], note=note)
    mark_pushed()
    return n


def mark_pushed() -> int:
    """Write down what the notes say was pushed, with its receipt; returns the number of notes."""
    n = 0
    while notes := _take_notes():
        _mark(notes)
        n += len(notes)
    return n


def _notes_key() -> str:
    return redis_key("pushed")


def _note(conversation: uuid.UUID, srv: Srv) -> bytes:
    return conversation.bytes + srv["n"].to_bytes(8, "big") + b64u_decode(srv["receipt"])


def _take_notes() -> list[bytes]:
    """Up to MARKS_AT_ONCE notes, which are then gone: a crash here means that those messages are pushed again."""
    try:
        taken = get_client(raw=True).lpop(_notes_key(), MARKS_AT_ONCE)
    except RedisError as error:
        log.warning("pushed_notes_unread", error=type(error).__name__)
        return []
    return [note for note in taken or [] if isinstance(note, bytes) and len(note) == _NOTE_LENGTH]


def _mark(notes: list[bytes]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messaging_message m SET pushed = true, receipt = note.receipt "
            "FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS note (uid, n, receipt) "
            "JOIN messaging_conversation c ON c.uid = note.uid "
            "WHERE m.conversation_id = c.id AND m.n = note.n",
            [
                [uuid.UUID(bytes=note[:16]) for note in notes],
                [int.from_bytes(note[16:24], "big") for note in notes],
                [note[24:] for note in notes],
            ],
        )
