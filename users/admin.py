from __future__ import annotations

from django.contrib import admin

from security.read_only_admin import ReadOnlyAdmin

from .models import AccountClosure, Block, DataExport, FactorRecovery, Restriction, Session, StaffInvitation, User


@admin.register(User)
class UserAdmin(ReadOnlyAdmin[User]):
    """Accounts: nobody sets a password, an address, a role or a permission here."""

    view_permission, subject = "users.staff_view_users", "uid"
    list_display = ("uid", "role", "is_active", "is_staff", "verification_level", "created_at")
    list_filter = ("role", "is_active", "is_staff", "verification_level")
    search_fields = ("uid", "email")
    exclude = ("password",)
    more_fields = ("groups",)


@admin.register(Session)
class SessionAdmin(ReadOnlyAdmin[Session]):
    """Sign-ins."""

    view_permission, subject = "users.staff_view_sign_ins", "user.uid"
    list_display = ("id", "user", "kind", "factor", "limit", "created_at", "last_seen_at", "ended_at", "end_reason")
    list_filter = ("kind", "factor", "limit")
    search_fields = ("user__uid", "ip")
    exclude = ("parent",)


@admin.register(Restriction)
class RestrictionAdmin(ReadOnlyAdmin[Restriction]):
    """What somebody may not do for now."""

    view_permission, subject = "users.staff_view_users", "user.uid"
    list_display = ("uid", "user", "kind", "scope", "starts_at", "until", "lifted_at")
    list_filter = ("kind",)
    search_fields = ("user__uid", "case_ref")


@admin.register(Block)
class BlockAdmin(ReadOnlyAdmin[Block]):
    """Who keeps whom away; the reason is private to who did it."""

    view_permission, subject = "users.staff_view_users", "blocker.uid"
    list_display = ("blocker", "blocked", "created_at")
    search_fields = ("blocker__uid", "blocked__uid")
    exclude = ("reason",)


@admin.register(StaffInvitation)
class StaffInvitationAdmin(ReadOnlyAdmin[StaffInvitation]):
    """Who was asked to work here."""

    view_permission = "users.staff_invite"
    list_display = ("uid", "email", "invited_by", "created_at", "expires_at", "accepted_at", "revoked_at")
    search_fields = ("email",)
    more_fields = ("groups",)


@admin.register(FactorRecovery)
class FactorRecoveryAdmin(ReadOnlyAdmin[FactorRecovery]):
    """Lost second factors."""

    view_permission, subject = "users.staff_review_recoveries", "user.uid"
    list_display = ("uid", "user", "requested_at", "wait_until", "rejected_at", "cancelled_at", "done_at")
    search_fields = ("user__uid",)


@admin.register(AccountClosure)
class AccountClosureAdmin(ReadOnlyAdmin[AccountClosure]):
    """Accounts that rest or go."""

    view_permission, subject = "users.staff_view_users", "user.uid"
    list_display = ("pk", "user", "cancelled_at", "erased_at")
    search_fields = ("user__uid",)


@admin.register(DataExport)
class DataExportAdmin(ReadOnlyAdmin[DataExport]):
    """Copies of their data that people asked for; never what is in them."""

    view_permission, subject = "users.staff_view_users", "user.uid"
    list_display = ("pk", "user")
    search_fields = ("user__uid",)
