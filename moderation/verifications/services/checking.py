"""Running the checks over a request, and handing it to a person. Whatever the checks say, a person decides."""

from __future__ import annotations

import uuid

import structlog
from django.db import transaction
from django.utils import timezone

from ...models import DocumentHash, DocumentLook, Verification, VerificationFile, WorkItem
from ...services import vault, work
from .. import selectors
from ..constants import KIND
from . import evidence, notices

log = structlog.get_logger(__name__)
State, Severity = Verification.State, WorkItem.Severity


def check(*, uid: uuid.UUID) -> bool:
    """Check a request that was sent in and put it into the queue; returns whether it was waiting for that.

    Checks that fail leave everything unknown, which is never clean: the case says so.
    """
    verification = Verification.objects.select_related("user").filter(uid=uid, state=State.SUBMITTED).first()
    if verification is None:
        return False
    try:
        found = evidence.gather(verification=verification)
    except Exception:  # a check may meet any file: the person who looks must not depend on it
        log.exception("document_checks_failed", verification=str(uid))
        found = evidence.nothing()
    return _hand_over(verification, found)


def check_lost(*, limit: int = 50) -> int:
    """The job: requests whose checks never ended, as after a worker was killed. Returns how many were handed over."""
    return sum(check(uid=uid) for uid in selectors.list_lost_checks(at=timezone.now(), limit=limit))


@transaction.atomic
def _hand_over(verification: Verification, found: evidence.Evidence) -> bool:
    rows = Verification.objects.filter(pk=verification.pk, state=State.SUBMITTED)
    if not rows.update(
        state=State.IN_REVIEW,
        checked_at=timezone.now(),
        score=found.score,
        report=found.report,
        document_country=found.country or verification.document_country,
        is_of_age=found.is_of_age,
    ):
        return False
    verification.state = State.IN_REVIEW
    _remember(verification, found)
    severity = Severity.HIGH if found.vetoes else Severity.NORMAL
    work.open_item(kind=KIND, ref=verification.uid, subject_uid=verification.user.uid, severity=severity)
    notices.tell(verification=verification)
    return True


def _remember(verification: Verification, found: evidence.Evidence) -> None:
    hashes = [DocumentHash(verification=verification, kind=kind, digest=one) for kind, one in found.hashes.items()]
    DocumentHash.objects.bulk_create(hashes)
    looks = []
    for kind, bits in found.looks.items():
        bands = evidence.bands_of(bits=bits)
        named = {f"band_{n}": band for n, band in enumerate(bands, 1)}
        looks.append(DocumentLook(verification=verification, kind=kind, bits=bits, **named))
    DocumentLook.objects.bulk_create(looks)
    if found.heat_map:
        file = vault.store(data=found.heat_map, mime="image/png")
        kind = VerificationFile.Kind.HEAT_MAP
        VerificationFile.objects.create(verification=verification, kind=kind, file=file)
