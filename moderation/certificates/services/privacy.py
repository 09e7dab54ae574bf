"""A person's certificates in the copy of their data, and their end."""

from __future__ import annotations

from users.models import User
from users.types import ExportWriter

from .. import selectors
from . import revoking

_FIELDS = ("code", "level", "issued_at", "expires_at", "revoked_at", "revoked_because")


def export(*, user: User, out: ExportWriter) -> None:
    """Every certificate with the statement that was signed."""
    rows = selectors.list_own(user=user).iterator(chunk_size=100)
    said = ({**{name: getattr(row, name) for name in _FIELDS}, "payload": bytes(row.payload).decode()} for row in rows)
    out.rows("verifications/certificates", said)


def erase(*, user: User) -> None:
    """Nobody can check them any more, and they name nobody."""
    revoking.forget(user=user)
