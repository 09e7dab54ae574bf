from __future__ import annotations

from django.contrib import admin

from security.read_only_admin import ReadOnlyAdmin

from .models import Verification, WorkItem, WorkNote


@admin.register(WorkItem)
class WorkItemAdmin(ReadOnlyAdmin[WorkItem]):
    """Cases of all queues, for who oversees the work."""

    view_permission, subject = "users.staff_view_audit", "subject_uid"
    list_display = ("uid", "kind", "severity", "created_at", "due_at", "taken_by", "decided_by", "outcome")
    list_filter = ("kind", "severity", "outcome")
    search_fields = ("uid", "ref", "subject_uid")


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
