from __future__ import annotations

from django.contrib import admin

from security.read_only_admin import ReadOnlyAdmin

from .models import Picture, Profile


@admin.register(Profile)
class ProfileAdmin(ReadOnlyAdmin[Profile]):
    """What people show of themselves."""

    view_permission, subject = "users.staff_view_users", "user.uid"
    list_display = ("id", "user", "display_name", "country", "price_per_message_centi", "created_at")
    search_fields = ("user__uid", "display_name")


@admin.register(Picture)
class PictureAdmin(ReadOnlyAdmin[Picture]):
    """Pictures of profiles."""

    view_permission, subject = "users.staff_view_users", "profile.user.uid"
    list_display = ("uid", "profile", "kind", "position", "created_at")
    list_filter = ("kind",)
    search_fields = ("uid", "profile__user__uid")
