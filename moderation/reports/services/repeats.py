"""A report that a client sends again, because it heard no answer, adds nothing: told by the client's own key."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Sequence

from pairly.common.problems import IdempotencyConflict
from security import identifiers
from users.models import User

from ...models import Report, ReportRequest


def fingerprint_of(
    *, kind: str, target: uuid.UUID, category: str, details: str, messages: Sequence[object], pictures: Sequence[bytes]
) -> bytes:
    """What was asked, as a keyed hash of 32 bytes: kept beside the key, it must not let anybody guess the words."""
    looks = [hashlib.sha256(data).hexdigest() for data in pictures]
    value = json.dumps([kind, str(target), category, details, list(messages), looks], sort_keys=True)
    found = identifiers.keyed(what="report", value=value)
    assert found is not None  # only of nothing
    return found


def find(*, reporter: User, key: uuid.UUID, fingerprint: bytes) -> Report | None:
    """The report that was made with this key. Raises IdempotencyConflict where it was for something else."""
    row = ReportRequest.objects.filter(reporter=reporter, request_id=key).select_related("report").first()
    if row is None:
        return None
    if bytes(row.fingerprint) != fingerprint:
        raise IdempotencyConflict
    return row.report


def note(*, report: Report, key: uuid.UUID, fingerprint: bytes) -> None:
    """In the transaction that makes it. Raises IntegrityError where another request with the key was faster."""
    ReportRequest.objects.create(reporter=report.reporter, request_id=key, report=report, fingerprint=fingerprint)
