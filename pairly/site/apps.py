from __future__ import annotations

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Home, static pages, health: what belongs to no single app."""

    name = "pairly.site"
    label = "site"
