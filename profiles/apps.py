from __future__ import annotations

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "profiles"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from users.registry import on_sign_up

        from .services import create_for_new_user

        on_sign_up(create_for_new_user)
