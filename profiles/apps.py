from __future__ import annotations

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "profiles"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import pre_delete

        from users.registry import on_privacy, on_sign_up

        from .models import Picture
        from .services import privacy
        from .services.pictures import forget_files
        from .services.profiles import create_for_new_user

        on_sign_up(create_for_new_user)
        on_privacy(export=privacy.export, erase=privacy.erase)
        pre_delete.connect(forget_files, sender=Picture, dispatch_uid="profiles.forget_files")
