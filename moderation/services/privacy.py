"""Cases about a person in the copy of their data, and what staff wrote down about them."""

from __future__ import annotations

from users.models import User
from users.types import ExportWriter

from ..models import WorkItem, WorkNote


def export(*, user: User, out: ExportWriter) -> None:
    """That there was a case, and how it ended; not who reported or decided, nor what staff noted for each other."""
    rows = WorkItem.objects.filter(subject_uid=user.uid).order_by("pk")
    out.rows("moderation/cases", rows.values("uid", "kind", "severity", "created_at", "decided_at", "outcome"))


def erase(*, user: User) -> None:
    """Notes about the person may name them. The cases stay, as numbers."""
    WorkNote.objects.filter(item__subject_uid=user.uid).delete()
