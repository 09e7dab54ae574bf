from __future__ import annotations

from django.contrib import admin

from .models import AuditEntry, KnownDevice, LoginAttempt, RiskDecision
from .read_only_admin import ReadOnlyAdmin


@admin.register(LoginAttempt)
class LoginAttemptAdmin(ReadOnlyAdmin[LoginAttempt]):
    """The sign-in log."""

    view_permission, subject = "users.staff_view_sign_ins", "user_uid"
    list_display = ("created_at", "door", "outcome", "failure_reason", "user_uid", "ip", "known_device", "risk_score")
    list_filter = ("outcome", "door", "known_device")
    search_fields = ("user_uid", "ip")


@admin.register(KnownDevice)
class KnownDeviceAdmin(ReadOnlyAdmin[KnownDevice]):
    """Devices that people signed in with."""

    view_permission, subject = "users.staff_view_sign_ins", "user_uid"
    list_display = ("uid", "user_uid", "name", "ip", "trusted_at", "last_seen_at", "forgotten_at")
    search_fields = ("user_uid", "ip")


@admin.register(RiskDecision)
class RiskDecisionAdmin(ReadOnlyAdmin[RiskDecision]):
    """What was thought of sign-ins."""

    view_permission, subject = "users.staff_review_risk", "user_uid"
    list_display = ("created_at", "event", "score", "action", "user_uid", "rule_version")
    list_filter = ("action", "event")
    search_fields = ("user_uid",)


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyAdmin[AuditEntry]):
    """What was done by whom."""

    view_permission, subject = "users.staff_view_audit", "subject_uid"
    list_display = ("created_at", "action", "severity", "by_staff", "is_private_view", "actor_uid", "subject_uid")
    list_filter = ("severity", "by_staff", "is_private_view")
    search_fields = ("action", "actor_uid", "subject_uid")
