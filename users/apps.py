from __future__ import annotations

from django.apps import AppConfig


class UsersConfig(AppConfig):
    name = "users"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from pairly.outbox.services import register_handler

        from .constants import VERIFY_EMAIL_KIND
        from .services import email_codes

        register_handler(kind=VERIFY_EMAIL_KIND, handler=email_codes.deliver)
