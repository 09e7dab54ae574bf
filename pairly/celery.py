"""The Celery application. `pairly/__init__.py` stays empty so that lower layers never import this module."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import worker_init, worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pairly.settings")

app = Celery("pairly")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
@worker_process_init.connect
def _limit_answers(**_: Any) -> None:
    """A job ends when PostgreSQL hangs: beat starts it again."""
    from django.conf import settings

    from pairly.common import database_health

    database_health.limit_answers(seconds=settings.DATABASE_ANSWER_SECONDS_WORKER)
