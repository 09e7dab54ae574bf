"""What leaves the process leaves after the transaction: pushes to sockets and Celery jobs.

Both are best effort by design: the row in the database is the truth, and a sweeper or beat repeats what a
crash or a missing Redis left undone. So a failure here is logged and never fails the request.
"""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import get_channel_layer
from django.db import transaction

log = structlog.get_logger(__name__)


def user_group(*, user_id: uuid.UUID) -> str:
    """Name of the Channels group that every socket of a user joins."""
    return f"user.{user_id}"


def push(*, user_id: uuid.UUID, event: dict[str, Any]) -> None:
    """Send `event` (a socket frame with its `type`) to all sockets of a user once the transaction commits."""
    transaction.on_commit(lambda: push_now(user_id=user_id, event=event), robust=True)


def push_now(*, user_id: uuid.UUID, event: dict[str, Any]) -> bool:
    """Send at once; for callers without a transaction. Returns whether the channel layer took it."""
    layer = get_channel_layer()
    if layer is None:
        return False
    try:
        async_to_sync(layer.group_send)(user_group(user_id=user_id), {"type": "frame", "frame": event})
    except Exception as error:  # Redis away: the sweeper or the client's resume delivers it later
        log.warning("push_failed", frame=event.get("type"), error=type(error).__name__)
        return False
    return True


def enqueue(*, task: str, **kwargs: Any) -> None:
    """Start a Celery task by name once the transaction commits."""

    def send() -> None:
        try:
            current_app.send_task(task, kwargs=kwargs, retry=False)
        except Exception as error:
            log.warning("enqueue_failed", task=task, error=type(error).__name__)

    transaction.on_commit(send, robust=True)
