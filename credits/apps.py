from __future__ import annotations

from django.apps import AppConfig


class CreditsConfig(AppConfig):
    name = "credits"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from users.registry import on_privacy, on_sign_up

        from .services import privacy
        from .services.accounts import open_accounts

        on_sign_up(open_accounts)
        on_privacy(export=privacy.export, check=privacy.check)
