"""A person's appeals in the copy of their data, and their end."""

from __future__ import annotations

from users.models import User
from users.types import ExportWriter

from ...models import Appeal, AppealMessage
from ...services import work
from .. import selectors
from ..constants import KIND


def export(*, user: User, out: ExportWriter) -> None:
    """Each with what was said; not who of staff said it."""
    rows = AppealMessage.objects.filter(appeal__user=user).order_by("pk")
    out.rows("moderation/appeals", selectors.list_own(user=user).values("uid", "state", "created_at", "decided_at"))
    out.rows("moderation/appeal-messages", rows.values("appeal__uid", "is_from_staff", "text", "created_at"))


def erase(*, user: User) -> None:
    """What was said goes; open appeals end. That there was one, and how it ended, stays."""
    for appeal in Appeal.objects.filter(user=user, state=Appeal.State.OPEN).order_by("pk"):
        work.close_item(kind=KIND, ref=appeal.uid, outcome="erased")
    Appeal.objects.filter(user=user, state=Appeal.State.OPEN).update(state=Appeal.State.WITHDRAWN)
    AppealMessage.objects.filter(appeal__user=user).delete()
