"""Notifications of what happened in conversations, written away from the path of a send.

A message is told of TELL_AFTER_MS after it came in, by the sweeper, unless it was read meanwhile: who has the
conversation open is told nothing, whichever socket it is. What the sweeper has marked as pushed waits in Redis until
then; what a crash loses there is only the word of a message that waits in the inbox. Many messages are one read and
one write. A message that is read in the very moment in which it is told of may be told of all the same.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError
from redis import RedisError

from credits.types import VoidedHold
from pairly.common.clock import from_ms, now_ms
from pairly.common.redis import get_client
from pairly.common.redis import key as redis_key
from users.models import User
from users.services.notification_reading import mark_read_by_key
from users.services.notifications import Telling, notify_each

from .. import selectors

log = structlog.get_logger(__name__)

TELL_AFTER_MS = 8_000
TOLD_AT_ONCE = 1_000
# A conversation, the number of a message, and when it was put here: 16 + 8 + 8 bytes.
_ENTRY_LENGTH = 32


def remember(*, messages: Sequence[tuple[uuid.UUID, int]]) -> None:
    """Have these messages, (conversation, n), told of later. Without Redis nothing is."""
    if not messages:
        return
    at = now_ms().to_bytes(8, "big")
    entries = [conversation.bytes + n.to_bytes(8, "big") + at for conversation, n in messages]
    try:
        get_client(raw=True).rpush(_key(), *entries)
    except RedisError as error:
        log.warning("messages_untold", error=type(error).__name__)


def tell_of_messages(*, at_ms: int | None = None) -> int:
    """Tell of what waited TELL_AFTER_MS and is unread; returns how many notifications were written. Safe to run twice
    at once. A failure costs these notifications and nothing else."""
    before, n_told = (at_ms or now_ms()) - TELL_AFTER_MS, 0
    while entries := _take(before):
        try:
            messages = [(uuid.UUID(bytes=one[:16]), _number(one[16:24])) for one in entries]
            unread = selectors.list_unread_of(messages=messages)
            n_told += len(notify_each(kind="message", tellings=[_telling(*row) for row in unread]))
        except DatabaseError as error:
            log.warning("messages_untold", error=type(error).__name__)
            break
    return n_told


def forget_read(*, user: User, conversation: uuid.UUID) -> None:
    """`user` has read the conversation: the word of it is read too. In the caller's transaction."""
    mark_read_by_key(user=user, keys=[message_key(conversation)])


def tell_of_refunds(*, voided: Sequence[VoidedHold], at: datetime | None = None, why: str = "") -> None:
    """Tell the payers of holds that went back `at` (None: now): by the deadline, or `why` ("reversed": with their
    payment). The credits are back whether or not this is written."""
    reason = {"why": why} if why else {}
    places = selectors.list_conversation_uids(ids={hold.scope for hold in voided})
    tellings = [
        Telling(
            hold.actor,
            hold.payee,
            {"conversation": str(places[hold.scope]), "amount_centi": hold.amount_centi, **reason},
            f"refund:{hold.id}",
            at,
        )
        for hold in voided
        if hold.scope in places
    ]
    notify_each(kind="hold_refunded", tellings=tellings)


def message_key(conversation: uuid.UUID) -> str:
    """Under which a conversation is told of: once until it was read."""
    return f"message:{conversation}"


def _telling(conversation: uuid.UUID, sender: int, recipient: int, recv_ms: int) -> Telling:
    payload = {"conversation": str(conversation)}
    return Telling(recipient, sender, payload, message_key(conversation), from_ms(recv_ms))


def _key() -> str:
    return redis_key("untold")


def _number(raw: bytes) -> int:
    return int.from_bytes(raw, "big")


def _take(before_ms: int) -> list[bytes]:
    """Up to TOLD_AT_ONCE entries that have waited; those that have not are put back where they were."""
    client: Any = get_client(raw=True)
    try:
        taken = [one for one in client.lpop(_key(), TOLD_AT_ONCE) or [] if len(one) == _ENTRY_LENGTH]
        early = [one for one in taken if _number(one[24:]) > before_ms]
        if early:
            client.lpush(_key(), *reversed(early))
    except RedisError as error:
        log.warning("messages_untold", error=type(error).__name__)
        return []
    return [one for one in taken if _number(one[24:]) <= before_ms]
