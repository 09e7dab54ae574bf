from __future__ import annotations

from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from users.registry import on_privacy

        from .services import privacy

        on_privacy(export=privacy.export, erase=privacy.erase)
