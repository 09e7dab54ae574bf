from __future__ import annotations

from django.contrib import admin

from security.read_only_admin import ReadOnlyAdmin

from .models import WorkItem, WorkNote


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
