"""A person's reports in the copy of their data, and their end."""

from __future__ import annotations

from users.models import User
from users.types import ExportWriter

from ...models import Report, ReportCase, ReportRequest
from ...services import work
from .. import selectors
from ..constants import KIND
from . import deciding


def export(*, user: User, out: ExportWriter) -> None:
    """What they reported and how it ended; never who reported them."""
    rows = selectors.list_own(user=user)
    values = rows.values("uid", "case__target", "category", "details", "created_at", "case__state", "case__decided_at")
    out.rows("reports/made", values.iterator(chunk_size=100))


def erase(*, user: User) -> None:
    """What was opened about them, and what they wrote; what others must still decide on keeps what they opened."""
    for case in ReportCase.objects.filter(subject=user).order_by("pk"):
        deciding.forget(case=case)
        work.close_item(kind=KIND, ref=case.uid, outcome="erased")
    ReportRequest.objects.filter(reporter=user).delete()
    Report.objects.filter(reporter=user).update(details="")
