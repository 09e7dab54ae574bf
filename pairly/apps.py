from __future__ import annotations

from django.apps import AppConfig


class PairlyConfig(AppConfig):
    """The project itself as an app: it carries management commands and project-wide templates, no models."""

    name = "pairly"

    def ready(self) -> None:
        # Every process that uses Django enqueues to our broker, not to Celery's default one.
        from . import celery  # noqa: F401 - importing it is what is wanted
        from .layers import task_log

        task_log.connect()
