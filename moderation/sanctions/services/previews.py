"""How a suspension reads before it is imposed: made by what makes the statement itself."""

from __future__ import annotations

import uuid

from django.utils import translation
from django.utils.translation import gettext

from users.models import User

from ...queues import Letter
from ...services.letters import Preview
from . import drafts, imposing, statements

Kind = imposing.Kind


def preview(
    *,
    user: User,
    rule: str,
    facts: str,
    scope: str,
    duration_hours: int | None,
    is_automated: bool,
    uid: uuid.UUID | None = None,
) -> Preview:
    """What `imposing.suspend` with the same would mail to `user`. Raises EmptyPlaceholder (`/facts`)."""
    until = imposing.until_of(duration_hours=duration_hours)
    sanction = imposing.draft(
        user=user,
        kind=Kind.PERMANENT_BAN if until is None else Kind.TEMPORARY_BAN,
        rule=rule,
        facts=drafts.fill(user=user, rule=rule, facts=facts, until=until),
        until=until,
        is_automated=is_automated,
        scope=scope,
    )
    with translation.override(user.language):
        title, text = statements.words(sanction=sanction)
        where = gettext("By mail, and on a page of their account")
    return Preview(language=user.language, letters=[Letter(where=where, title=title, text=text)])
