from __future__ import annotations

from django.contrib import admin

from security.read_only_admin import ReadOnlyAdmin

from .models import Payment, ShopItem, Unlock, WebhookEvent


@admin.register(Payment)
class PaymentAdmin(ReadOnlyAdmin[Payment]):
    """Payments; the filter by flag is the list of what somebody has to look at."""

    view_permission, subject = "users.staff_view_payouts", "user.uid"
    list_display = ("created_at", "uid", "status", "flag", "currency", "amount_minor", "provider", "paid_at")
    list_filter = ("flag", "status", "provider")
    search_fields = ("uid", "user__uid", "provider_session_id", "provider_payment_id")
    exclude = ("checkout_url",)


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin[WebhookEvent]):
    """Notices of providers."""

    view_permission = "users.staff_view_payouts"
    list_display = ("received_at", "provider", "type", "object_id", "processed_at")
    list_filter = ("provider", "type")
    search_fields = ("event_id", "object_id", "reference", "payment_object_id")
    exclude = ("payload",)


@admin.register(ShopItem)
class ShopItemAdmin(ReadOnlyAdmin[ShopItem]):
    """What creators sell."""

    view_permission, subject = "users.staff_view_payouts", "seller.uid"
    list_display = ("created_at", "uid", "title", "price_centi", "state", "published_at")
    list_filter = ("state",)
    search_fields = ("uid", "seller__uid", "title")


@admin.register(Unlock)
class UnlockAdmin(ReadOnlyAdmin[Unlock]):
    """Who bought what."""

    view_permission, subject = "users.staff_view_payouts", "buyer.uid"
    list_display = ("created_at", "uid", "item", "price_centi", "refunded_at")
    search_fields = ("uid", "buyer__uid", "item__uid")
