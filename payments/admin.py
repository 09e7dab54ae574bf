from __future__ import annotations

from django.contrib import admin

from security.read_only_admin import ReadOnlyAdmin

from .models import (
    Difference,
    MoneyBack,
    Payment,
    Payout,
    PayoutMethod,
    Reconciliation,
    ShopItem,
    Unlock,
    WebhookEvent,
)


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


@admin.register(MoneyBack)
class MoneyBackAdmin(ReadOnlyAdmin[MoneyBack]):
    """Refunds and disputes of payments."""

    view_permission, subject = "users.staff_view_payouts", "payment.user.uid"
    list_display = ("created_at", "uid", "kind", "state", "amount_minor", "payment", "closed_at")
    list_filter = ("kind", "state")
    search_fields = ("uid", "payment__uid", "payment__user__uid", "provider_object_id")


@admin.register(Payout)
class PayoutAdmin(ReadOnlyAdmin[Payout]):
    """Payouts and who let them through."""

    view_permission, subject = "users.staff_view_payouts", "user.uid"
    list_display = ("created_at", "uid", "user", "status", "amount_centi", "currency", "amount_minor", "approved_by")
    list_filter = ("status", "currency", "needs_two")
    search_fields = ("uid", "user__uid", "provider_payout_id")


@admin.register(PayoutMethod)
class PayoutMethodAdmin(ReadOnlyAdmin[PayoutMethod]):
    """Where payouts go; the account's number is sealed and never shown here."""

    view_permission, subject = "users.staff_view_payouts", "user.uid"
    list_display = ("created_at", "uid", "user", "kind", "currency", "country", "label", "state", "usable_at")
    list_filter = ("kind", "state", "currency")
    search_fields = ("uid", "user__uid", "provider_account_id")


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin[Reconciliation]):
    """Days that were compared with a provider."""

    view_permission = "users.staff_view_payouts"
    list_display = ("day", "provider", "n_listed", "n_matched", "n_differences", "n_booked", "made_at")
    list_filter = ("provider",)
    search_fields = ("day",)


@admin.register(Difference)
class DifferenceAdmin(ReadOnlyAdmin[Difference]):
    """What a provider has otherwise than we."""

    view_permission = "users.staff_view_payouts"
    list_display = ("id", "reconciliation", "kind", "movement", "provider_object_id", "our_minor", "their_minor")
    list_filter = ("kind", "movement")
    search_fields = ("provider_object_id", "payment__uid")
