from __future__ import annotations

from django.contrib import admin

from security.read_only_admin import ReadOnlyAdmin

from .models import (
    Appeal,
    BulkRun,
    CannedReason,
    Certificate,
    DailyFigures,
    DailyRevenue,
    Delivery,
    Membership,
    Organisation,
    Report,
    ReportCase,
    Sanction,
    Verification,
    Webhook,
    WorkItem,
    WorkNote,
)


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnlyAdmin[WorkItem]):
    """Cases of all queues, for who oversees the work."""

    view_permission, subject = "users.staff_view_audit", "subject_uid"
    list_display = (
        "uid",
        "kind",
        "severity",
        "created_at",
        "due_at",
        "taken_by",
        "assigned_to",
        "decided_by",
        "outcome",
    )
    list_filter = ("kind", "severity", "outcome")
    search_fields = ("uid", "ref", "subject_uid")


@admin.register(BulkRun)
class BulkRunAdmin(ReadOnlyAdmin[BulkRun]):
    """What was done to many cases at once; each of them stands in the audit log too."""

    view_permission = "users.staff_view_audit"
    list_display = ("uid", "kind", "action", "by", "n_done", "n_skipped", "created_at", "ended_at")
    list_filter = ("kind", "action")
    search_fields = ("uid", "by__uid")
    list_select_related = ("by",)


@admin.register(CannedReason)
class CannedReasonAdmin(ReadOnlyAdmin[CannedReason]):
    """Texts that reasons begin with. They are written on their own page; what was before stands in the audit log."""

    view_permission = "users.staff_edit_reasons"
    list_display = ("uid", "kind", "language", "title", "version", "changed_by", "changed_at", "retired_at")
    list_filter = ("kind", "language")
    search_fields = ("uid", "title", "text")
    list_select_related = ("changed_by",)


@admin.register(WorkNote)
class WorkNoteAdmin(ReadOnlyAdmin[WorkNote]):
    """What staff wrote down."""

    view_permission, subject = "users.staff_view_audit", "item.subject_uid"
    list_display = ("id", "item", "author", "created_at")
    search_fields = ("item__uid", "author__uid")


@admin.register(Verification)
class VerificationAdmin(ReadOnlyAdmin[Verification]):
    """Requests to be verified and what was decided. Their pictures are opened at the case alone, by who works on it."""

    view_permission, subject = "users.staff_review_verifications", "user.uid"
    list_display = ("uid", "user", "state", "document_type", "score", "created_at", "decided_at", "decided_by")
    list_filter = ("state", "document_type")
    search_fields = ("uid", "user__uid")
    list_select_related = ("user", "decided_by")


@admin.register(ReportCase)
class ReportCaseAdmin(ReadOnlyAdmin[ReportCase]):
    """What was reported and how it ended. The evidence is opened at the case alone."""

    view_permission, subject = "users.staff_review_reports", "subject.uid"
    list_display = ("uid", "subject", "target", "state", "created_at", "decided_at", "decided_by")
    list_filter = ("state", "target")
    search_fields = ("uid", "subject__uid", "target_ref")


@admin.register(Report)
class ReportAdmin(ReadOnlyAdmin[Report]):
    """Who reported, and in which case; what they wrote is read at the case alone."""

    view_permission, subject = "users.staff_review_reports", "reporter.uid"
    list_display = ("uid", "case", "reporter", "category", "created_at")
    list_filter = ("category",)
    search_fields = ("uid", "case__uid", "reporter__uid")
    exclude = ("details", "gaps")


@admin.register(Sanction)
class SanctionAdmin(ReadOnlyAdmin[Sanction]):
    """What was done to people who broke a rule, with the reasons that they read."""

    view_permission, subject = "users.staff_suspend_users", "user.uid"
    list_display = ("uid", "user", "kind", "rule", "starts_at", "until", "is_automated", "decided_by", "lifted_at")
    list_filter = ("kind", "rule", "is_automated")
    search_fields = ("uid", "user__uid", "case__uid")


@admin.register(Appeal)
class AppealAdmin(ReadOnlyAdmin[Appeal]):
    """Appeals and how they ended; what was written is read at the case alone."""

    view_permission, subject = "users.staff_decide_appeals", "user.uid"
    list_display = ("uid", "user", "state", "created_at", "decided_at", "decided_by")
    list_filter = ("state",)
    search_fields = ("uid", "user__uid", "sanction__uid", "verification__uid")


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyAdmin[Certificate]):
    """Certificates, which anybody can look at by their code."""

    view_permission, subject = "users.staff_review_verifications", "user.uid"
    list_display = ("code", "user", "level", "issued_at", "expires_at", "revoked_at", "revoked_because")
    list_filter = ("level", "revoked_because")
    search_fields = ("uid", "code", "user__uid")


@admin.register(Organisation)
class OrganisationAdmin(ReadOnlyAdmin[Organisation]):
    """Organisations that represent creators."""

    view_permission = "users.staff_view_users"
    list_display = ("uid", "name", "created_at", "closed_at")
    list_filter = ("closed_at",)
    search_fields = ("uid", "name")


@admin.register(Membership)
class MembershipAdmin(ReadOnlyAdmin[Membership]):
    """Who belongs to an organisation."""

    view_permission, subject = "users.staff_view_users", "user.uid"
    list_display = ("uid", "organisation", "user", "role", "invited_at", "accepted_at")
    list_filter = ("role",)
    search_fields = ("uid", "organisation__uid", "user__uid")


@admin.register(Webhook)
class WebhookAdmin(ReadOnlyAdmin[Webhook]):
    """Where organisations want to hear of changes; the secret is never shown."""

    view_permission = "users.staff_view_audit"
    list_display = ("uid", "organisation", "target_url", "is_active", "created_at")
    list_filter = ("is_active",)
    search_fields = ("uid", "organisation__uid", "target_url")


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin[Delivery]):
    """What was sent there and how it went, without what it said."""

    view_permission = "users.staff_view_audit"
    list_display = ("uid", "webhook", "event", "state", "n_tries", "last_status", "created_at", "ended_at")
    list_filter = ("state", "event")
    search_fields = ("uid", "event_id", "webhook__uid")
    exclude = ("payload",)


@admin.register(DailyFigures)
class DailyFiguresAdmin(ReadOnlyAdmin[DailyFigures]):
    """The figures of every day that was counted."""

    view_permission = "users.staff_view_analytics"
    list_display = (
        "day",
        "n_joined",
        "n_active_day",
        "n_answers",
        "kept_centi",
        "n_reports",
        "n_sanctions",
        "counted_at",
    )
    list_filter = ("day",)
    search_fields = ("day",)


@admin.register(DailyRevenue)
class DailyRevenueAdmin(ReadOnlyAdmin[DailyRevenue]):
    """Purchases, refunds and disputes of every day by currency."""

    view_permission = "users.staff_view_analytics"
    list_display = ("day", "currency", "n_purchases", "purchased_minor", "refunded_minor", "disputed_minor")
    list_filter = ("currency",)
    search_fields = ("day", "currency")
