from __future__ import annotations

from django.apps import AppConfig


class PaymentsConfig(AppConfig):
    name = "payments"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from credits.invariants import register_payment_check
        from users.registry import on_privacy

        from .selectors import list_unbooked
        from .services import privacy

        register_payment_check(check=list_unbooked)
        on_privacy(export=privacy.export, erase=privacy.erase)
