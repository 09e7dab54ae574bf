"""Jobs carry the id of the request that started them, and leave word of when a periodic one ended well."""

from __future__ import annotations

from typing import Any

import structlog
from celery import signals
from django.conf import settings

from pairly.common import jobs

REQUEST_ID = "http.request.id"
HEADER = "pairly_request_id"


def connect() -> None:
    """Listen to Celery; called once a process."""
    signals.before_task_publish.connect(_take_along, dispatch_uid="pairly.request_id")
    signals.task_prerun.connect(_bind, dispatch_uid="pairly.request_id")
    signals.task_postrun.connect(_unbind, dispatch_uid="pairly.request_id")
    signals.task_success.connect(_note, dispatch_uid="pairly.jobs")
    # Ours is set up by Django: with a listener Celery leaves the loggers alone.
    signals.setup_logging.connect(_leave_alone, dispatch_uid="pairly.logging")


def _take_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    request_id = structlog.contextvars.get_contextvars().get(REQUEST_ID)
    if headers is not None and request_id:
        headers[HEADER] = request_id


def _bind(task: Any, task_id: str, **_: Any) -> None:
    structlog.contextvars.clear_contextvars()
    names = {"pairly.task": task.name, "pairly.task_id": task_id}
    request_id = getattr(task.request, HEADER, None) or (task.request.headers or {}).get(HEADER)
    if request_id:
        names[REQUEST_ID] = request_id
    structlog.contextvars.bind_contextvars(**names)


def _unbind(**_: Any) -> None:
    structlog.contextvars.clear_contextvars()


def _note(sender: Any, result: Any = None, **_: Any) -> None:
    if sender.name in {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}:
        jobs.note_run(name=sender.name, result=result)


def _leave_alone(**_: Any) -> None:
    pass
