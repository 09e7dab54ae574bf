"""Decisions about a person in the copy of their data, and their end."""

from __future__ import annotations

from users.models import User
from users.types import ExportWriter

from ...models import Sanction
from .. import selectors

_FIELDS = (
    "uid", "kind", "rule", "facts", "scope", "starts_at", "until", "is_automated", "appeal_until", "read_at",
    "lifted_at", "lifted_reason",
)  # fmt: skip


def export(*, user: User, out: ExportWriter) -> None:
    """Each with its reasons; not who decided."""
    out.rows("moderation/restrictions", selectors.list_own(user=user).values(*_FIELDS).iterator(chunk_size=100))


def erase(*, user: User) -> None:
    """What they did is forgotten; that there was a decision stays, for the public numbers."""
    Sanction.objects.filter(user=user).update(facts="-", lifted_reason="")
