from __future__ import annotations

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from .models import Payment, WebhookEvent


class _ToRead:
    """Money rows are changed by services only."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(Payment)
class PaymentAdmin(_ToRead, admin.ModelAdmin[Payment]):
    """Payments; the filter by flag is the list of what somebody has to look at."""

    show_full_result_count = False
    ordering = ("-id",)
    list_display = ("created_at", "uid", "status", "flag", "currency", "amount_minor", "provider", "paid_at")
    list_filter = ("flag", "status", "provider")
    search_fields = ("uid", "user__uid", "provider_session_id", "provider_payment_id")
    exclude = ("checkout_url",)


@admin.register(WebhookEvent)
class WebhookEventAdmin(_ToRead, admin.ModelAdmin[WebhookEvent]):
    """Notices of providers."""

    show_full_result_count = False
    ordering = ("-id",)
    list_display = ("received_at", "provider", "type", "object_id", "processed_at")
    list_filter = ("provider", "type")
    search_fields = ("event_id", "object_id", "reference", "payment_object_id")
