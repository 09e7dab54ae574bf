"""The facts of a sanction before it is imposed: their placeholders."""

from __future__ import annotations

from datetime import datetime

from django.utils import translation

from users.models import User
from users.registry import names_of

from ... import placeholders
from ..constants import RULES


def values(*, user: User, rule: str, until: datetime | None) -> dict[str, str]:
    """What placeholders stand for in the reasons of a sanction of `user`, in the language that is active."""
    return {
        "handle": names_of(users=[user]).get(user.pk, ""),
        "reason": str(RULES.get(rule, "")),
        "until": f"{until:%Y-%m-%d}" if until else "",
    }


def fill(*, user: User, rule: str, facts: str, until: datetime | None) -> str:
    """The facts as they are kept and sent, in the person's language. Raises EmptyPlaceholder (`/facts`)."""
    if not placeholders.has_any(text=facts):
        return facts
    with translation.override(user.language):
        found = values(user=user, rule=rule, until=until)
    return placeholders.fill(text=facts, values=found, pointer="/facts")
