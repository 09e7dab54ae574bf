"""What leaves the process leaves after the transaction: pushes to sockets and Celery jobs.

Both are best effort by design: the row in the database is the truth, and a sweeper or beat repeats what a
crash or a missing Redis left undone. So a failure here is logged and never fails the request.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Sequence
from typing import Any

import structlog
from celery import current_app
from channels.layers import get_channel_layer
from django.db import transaction
from redis import RedisError

from . import redis_health
from .channel_layer import PublishingChannelLayer

log = structlog.get_logger(__name__)

# Threads that talk to the broker at once. When it hangs, those behind them learn it from them instead of waiting too.
BROKER_SLOTS = 8
BROKER_WAIT_SECONDS = 2.0
_broker_slots = threading.BoundedSemaphore(BROKER_SLOTS)


def user_group(*, user_id: uuid.UUID) -> str:
    """Name of the Channels group that every socket of a user joins."""
    return f"user.{user_id}"


def push(*, user_id: uuid.UUID, event: dict[str, Any]) -> None:
    """Send `event` (a socket frame with its `type`) to all sockets of a user once the transaction commits."""
    transaction.on_commit(lambda: push_now(user_id=user_id, event=event), robust=True)


def push_now(*, user_id: uuid.UUID, event: dict[str, Any]) -> bool:
    """Send at once; for callers without a transaction. Returns whether the channel layer took it."""
    return push_all(pushes=[(user_id, event)])


def push_all(*, pushes: Sequence[tuple[uuid.UUID, dict[str, Any]]], note: tuple[str, bytes] | None = None) -> bool:
    """`push_now` for several frames in one round trip; `note`, (a list's key, an entry), is kept if they are taken."""
    layer = get_channel_layer()
    if not isinstance(layer, PublishingChannelLayer) or redis_health.is_away():
        return False
    try:
        layer.publish(messages=_messages(pushes), note=note)
    except RedisError as error:  # the sweeper or the client's resume delivers it later
        redis_health.note_failure(error=error)
        log.warning("push_failed", frames=[event.get("type") for _, event in pushes])
        return False
    return True


def _messages(pushes: Sequence[tuple[uuid.UUID, dict[str, Any]]]) -> list[tuple[str, dict[str, Any]]]:
    """What the groups are sent: frames as the text that each socket passes on, made once however many there are.

    The end of a sign-in is for one socket among them, which acts on it: it goes as a message of its own.
    """
    texts: dict[int, str] = {}
    messages: list[tuple[str, dict[str, Any]]] = []
    for user, event in pushes:
        group = user_group(user_id=user)
        if event["type"] == "session.revoked":
            messages.append((group, event))
            continue
        text = texts.get(id(event)) or texts.setdefault(id(event), frame_text(event))
        last = next((one for name, one in reversed(messages) if name == group), None)
        if last is not None and last["type"] == "frames":
            last["frames"].append(text)
        else:
            messages.append((group, {"type": "frames", "frames": [text]}))
    return messages


def frame_text(event: dict[str, Any]) -> str:
    """A frame as it goes over a socket."""
    return json.dumps(event, separators=(",", ":"))


def enqueue(*, task: str, **kwargs: Any) -> None:
    """Start a Celery task by name once the transaction commits; while the broker is away, beat does it later."""
    transaction.on_commit(lambda: enqueue_now(task=task, kwargs=kwargs), robust=True)


def enqueue_now(*, task: str, kwargs: dict[str, Any]) -> bool:
    """Start it at once. Returns whether the broker took it; a broker that hangs costs seconds, not more."""
    if not _broker_slots.acquire(timeout=BROKER_WAIT_SECONDS):
        return False
    try:
        if redis_health.is_away():
            return False
        current_app.send_task(task, kwargs=kwargs, retry=False)
    except Exception as error:  # kombu's, redis' or the socket's: the broker is not to be had
        redis_health.note_failure(error=error)
        log.warning("enqueue_failed", task=task, error=type(error).__name__)
        return False
    finally:
        _broker_slots.release()
    return True
