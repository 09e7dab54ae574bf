"""The Celery application. `pairly/__init__.py` stays empty so that lower layers never import this module."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "pairly.settings")

app = Celery("pairly")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
