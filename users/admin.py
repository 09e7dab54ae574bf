from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from .models import Session, User


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """Accounts, to read: staff cannot set a password, an address or a role here."""

    list_display = ("uid", "role", "is_active", "is_staff", "verification_level", "created_at")
    list_filter = ("role", "is_active", "is_staff")
    search_fields = ("uid", "email")
    exclude = ("password",)
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin[Session]):
    """Sign-ins, to read."""

    list_display = ("id", "user", "kind", "created_at", "last_seen_at", "ended_at", "end_reason")
    exclude = ("refresh_sha256", "device_fingerprint_sha256")
    ordering = ("-id",)
    show_full_result_count = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
