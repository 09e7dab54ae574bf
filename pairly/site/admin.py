from __future__ import annotations

from django.contrib import admin

from pairly.outbox.models import OutboxRow
from security.read_only_admin import ReadOnlyAdmin


@admin.register(OutboxRow)
class OutboxRowAdmin(ReadOnlyAdmin[OutboxRow]):
    """Mails and jobs on their way. Not what is in them: a payload may hold a code."""

    view_permission, subject = "users.staff_view_audit", "user_uid"
    list_display = ("created_at", "kind", "state", "n_tries", "deliver_at", "sent_at", "last_error")
    list_filter = ("state", "kind")
    search_fields = ("user_uid", "uid")
    exclude = ("payload",)
