"""Pushing what is committed to the sockets of both users, and repeating what a crash left unpushed.

The message row is its own outbox. A taken push leaves a note in Redis; every few seconds the sweeper turns the notes
into `pushed` and the stored receipt, many rows in one statement, and pushes again what is older and has no note. So
a send writes its row once. What was pushed and is not read soon becomes a notification (`telling`). Nothing here can
fail a send; a frame that comes twice is known to clients by its n.
"""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from django.db import connection
from redis import RedisError

from pairly.common.after_commit import push_all
from pairly.common.clock import now_ms
from pairly.common.redis import get_client
from pairly.common.redis import key as redis_key

from .. import events, selectors
from ..protocol.base64url import b64u_decode
from ..types import SentMessage, Srv
from . import telling

log = structlog.get_logger(__name__)

SWEEP_AFTER_MS = 5_000
MARKS_AT_ONCE = 1_000
_NOTE_LENGTH = 16 + 8 + 64


def deliver(*, sent: SentMessage) -> None:
    """Push a fresh message to the other person and to the sender's other devices, in one round trip. Who declined the
    conversation is not told."""
    frame = events.message(conversation=sent.conversation, envelope=sent.envelope, srv=sent.srv)
    pushes = [(sent.sender, frame)]
    if sent.request != "declined":
        pushes.insert(0, (sent.recipient, frame))
    if sent.request == "asked":
        pushes.append((sent.recipient, events.request(conversation=sent.conversation, state="asked")))
    if sent.charged_centi:
        pushes.append((sent.sender, events.balance(balance_centi=sent.balance_centi)))
    if sent.n_released and not sent.earned_centi:
        pushes += _marked_answered(sent)
    elif sent.n_released:
        released = events.hold_released(
            conversation=sent.conversation, n_released=sent.n_released, earned_centi=sent.earned_centi
        )
        pushes += [(sent.sender, released), (sent.recipient, released)]
    push_all(pushes=pushes, note=(_notes_key(), _note(sent.conversation, sent.srv)))


def _marked_answered(sent: SentMessage) -> list[tuple[uuid.UUID, events.Frame]]:
    """The sender lost instant release: what the answer was written for is paid later."""
    op = uuid.uuid5(sent.conversation, str(sent.message_id))
    frames = [
        events.hold_settled(conversation=sent.conversation, n=n, state="answered")
        for n in selectors.list_answered(conversation_uid=sent.conversation, answer_op=op)
    ]
    return [(user, frame) for frame in frames for user in (sent.sender, sent.recipient)]


def push_refunds(*, refunds: list[dict[str, Any]]) -> None:
    """Tell both sides of holds that the deadline gave back, and then each fan once what they can spend now."""
    pushes = []
    for refund in refunds:
        frame = events.hold_refunded(
            conversation=refund["conversation"], n=refund["n"], amount_centi=refund["amount_centi"]
        )
        pushes += [(user, frame) for user in refund["users"]]
    balances = {refund["payer"]: refund["balance_centi"] for refund in refunds}
    pushes += [(payer, events.balance(balance_centi=centi)) for payer, centi in balances.items()]
    if pushes:
        push_all(pushes=pushes)


def sweep(*, limit: int = 200) -> int:
    """Mark what was pushed, then push messages that a crash left unpushed for SWEEP_AFTER_MS; returns how many."""
    telling.tell_of_messages()
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
        telling.remember(messages=_mark(notes))
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


def _mark(notes: list[bytes]) -> list[tuple[uuid.UUID, int]]:
    """Returns what was marked: (conversation, n)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messaging_message m SET pushed = true, receipt = note.receipt "
            "FROM unnest(%s::uuid[], %s::bigint[], %s::bytea[]) AS note (uid, n, receipt) "
            "JOIN messaging_conversation c ON c.uid = note.uid "
            "WHERE m.conversation_id = c.id AND m.n = note.n RETURNING c.uid, m.n",
            [
                [uuid.UUID(bytes=note[:16]) for note in notes],
                [int.from_bytes(note[16:24], "big") for note in notes],
                [note[24:] for note in notes],
            ],
        )
        return [(conversation, n) for conversation, n in cursor.fetchall()]
