from __future__ import annotations

from django.apps import AppConfig


class ProfilesConfig(AppConfig):
    name = "profiles"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.db.models.signals import pre_delete

        from users.registry import on_block, on_privacy, on_sign_up

        from .models import Picture
        from .services import connections, privacy
        from .services.pictures import forget_files
        from .services.profiles import create_for_new_user

        on_sign_up(create_for_new_user)
        on_privacy(export=privacy.export, erase=privacy.erase)
        pre_delete.connect(forget_files, sender=Picture, dispatch_uid="profiles.forget_files")
        # -- discovery
        # -- nearby and places
        # -- pictures
        # -- people one knows
        on_block(connections.end_everything_between)
        # -- visits and facts
        # -- presence and visibility
        from users.registry import on_acquaintance, on_names

        from . import selectors

        on_acquaintance(selectors.is_visible)
        on_names(selectors.display_names)
