from __future__ import annotations

from django.contrib import admin

from security.read_only_admin import ReadOnlyAdmin

from .models import Account, Hold, Lot, Transfer


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin[Account]):
    """Accounts of the ledger; amounts in hundredths of a credit."""

    view_permission = "users.staff_view_payouts"
    list_display = ("id", "kind", "owner", "unit", "balance", "version", "created_at")
    list_filter = ("kind", "unit")
    search_fields = ("=owner",)


@admin.register(Transfer)
class TransferAdmin(ReadOnlyAdmin[Transfer]):
    """Movements of the ledger."""

    view_permission = "users.staff_view_payouts"
    list_display = ("id", "code", "debit_id", "credit_id", "amount", "op", "created_at")
    list_filter = ("code",)
    search_fields = ("op",)


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin[Hold]):
    """Credits held for messages."""

    view_permission = "users.staff_view_payouts"
    list_display = ("id", "state", "actor", "payee", "paid", "promo", "created_at", "expires_at", "settled_at")
    list_filter = ("state",)
    search_fields = ("=actor", "=payee", "op")


@admin.register(Lot)
class LotAdmin(ReadOnlyAdmin[Lot]):
    """Where credits came from."""

    view_permission = "users.staff_view_payouts"
    list_display = ("id", "source", "account_id", "amount", "remaining", "payment", "created_at")
    list_filter = ("source",)
    search_fields = ("op", "payment")
