"""A person's verifications in the copy of their data, and their end."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from users.models import User
from users.types import ExportWriter

from ...errors import FileGone
from ...models import SealedFile, Verification
from ...services import vault, work
from .. import selectors
from ..constants import KIND
from . import lifecycle

_FIELDS = (
    "uid", "state", "document_type", "purpose", "consent_at", "ip", "created_at", "submitted_at", "score", "report",
    "document_country", "is_of_age", "decided_at", "reason_code", "reason", "valid_until", "files_until",
)  # fmt: skip


def export(*, user: User, out: ExportWriter) -> None:
    """Every request with what was found, and the pictures while they can be opened."""
    rows = selectors.list_own(user=user)
    out.rows("verifications/requests", rows.values(*_FIELDS).iterator(chunk_size=100))
    for verification in rows.iterator(chunk_size=100):
        for kind, row in selectors.list_files(verification=verification).items():
            if kind != row.Kind.HEAT_MAP and vault.has_key(file=row.file):
                with suppress(FileGone):
                    ending = row.file.mime.rpartition("/")[2]
                    out.file(f"verifications/{verification.uid}/{kind}.{ending}", _of(row.file))


def _of(file: SealedFile) -> Iterator[bytes]:
    return iter([vault.read(file=file)])


def erase(*, user: User) -> None:
    """All of it: pictures, hashes, and what they wrote; that there was a request stays with its decision."""
    for verification in Verification.objects.select_for_update().filter(user=user).order_by("pk"):
        lifecycle.destroy_files(verification=verification)
        verification.hashes.all().delete()
        verification.looks.all().delete()
        if verification.state in selectors.OPEN:
            work.close_item(kind=KIND, ref=verification.uid, outcome="erased")
    Verification.objects.filter(user=user, state__in=selectors.OPEN).update(state=Verification.State.WITHDRAWN)
    Verification.objects.filter(user=user).update(purpose="", reason="", report={})
