from __future__ import annotations

from django.apps import AppConfig


class ModerationConfig(AppConfig):
    name = "moderation"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from users import registry

        from . import queues, recovery
        from .services import privacy

        # -- lost factors
        queues.register(recovery.QUEUE)
        registry.on_recovery_requested(recovery.open_case)
        registry.on_recovery_cancelled(recovery.close_case)
        # -- privacy and suspension
        registry.on_privacy(export=privacy.export, erase=privacy.erase)
