from __future__ import annotations

from django.apps import AppConfig


class PairlyConfig(AppConfig):
    """The project itself as an app: it carries management commands and project-wide templates, no models."""

    name = "pairly"
