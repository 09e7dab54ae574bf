from __future__ import annotations

from django.contrib import admin

from .models import AuditEntry, FraudAlert, KnownDevice, LoginAttempt, RiskDecision, SecurityEvent
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
    """What was thought of sign-ins, purchases, unlocks, payouts and accounts."""

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


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin[SecurityEvent]):
    """What was reported to scoring."""

    view_permission, subject = "users.staff_review_risk", "user_uid"
    list_display = ("created_at", "kind", "user_uid", "counterpart_uid", "country", "network", "amount_centi")
    list_filter = ("kind", "is_hosting")
    search_fields = ("user_uid", "counterpart_uid")


@admin.register(FraudAlert)
class FraudAlertAdmin(ReadOnlyAdmin[FraudAlert]):
    """What staff should look at, or did."""

    view_permission, subject = "users.staff_review_risk", "user_uid"
    list_display = ("created_at", "pattern", "score", "action", "state", "user_uid", "resolved_by_uid")
    list_filter = ("state", "pattern", "action")
    search_fields = ("uid", "user_uid")
