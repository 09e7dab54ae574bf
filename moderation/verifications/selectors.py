"""Reads of verifications: one's own, or of staff with the permission."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from pairly.common.problems import NotFound
from users.models import User

from ..models import DocumentHash, DocumentLook, FileKey, Verification, VerificationFile, WorkItem
from .constants import CHECK_LOST_AFTER, KIND
from .types import Standing

State = Verification.State
OPEN = (State.DRAFT, State.SUBMITTED, State.IN_REVIEW)


def list_own(*, user: User) -> QuerySet[Verification]:
    """One's requests, the newest first."""
    return Verification.objects.filter(user=user).order_by("-pk")


def get_own(*, user: User, uid: uuid.UUID) -> Verification:
    """A request of one's own. Raises NotFound."""
    found = list_own(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def get_standing(*, user: User) -> Standing:
    """Where one is with it; one query."""
    rows = list(list_own(user=user)[:20])
    return Standing(
        open=next((row for row in rows if row.state in OPEN), None),
        approved=next((row for row in rows if row.state == State.APPROVED), None),
        last=rows[0] if rows else None,
    )


def find_for_staff(*, uid: uuid.UUID) -> Verification | None:
    """For the page of its case, which has asked who may see it."""
    return Verification.objects.select_related("user", "decided_by").filter(uid=uid).first()


def list_files(*, verification: Verification) -> dict[str, VerificationFile]:
    """Its pictures by kind, those that were destroyed too."""
    rows = VerificationFile.objects.select_related("file").filter(verification=verification)
    return {row.kind: row for row in rows}


def find_file(*, verification: Verification, kind: str) -> VerificationFile:
    """One of its pictures. Raises NotFound."""
    found = list_files(verification=verification).get(kind)
    if found is None:
        raise NotFound
    return found


def holds_case(*, staff: User, uid: uuid.UUID, at: datetime) -> bool:
    """Whether `staff` works on this request right now: nobody else may open its files."""
    held = WorkItem.objects.filter(kind=KIND, ref=uid, taken_by=staff, taken_until__gt=at, decided_at__isnull=True)
    return staff.is_staff and staff.is_active and held.exclude(subject_uid=staff.uid).exists()


def count_since(*, user: User, at: datetime) -> int:
    """How many requests were sent in the day before."""
    return Verification.objects.filter(user=user, submitted_at__gt=at - timedelta(days=1)).count()


def list_lost_checks(*, at: datetime, limit: int) -> list[uuid.UUID]:
    """Requests whose checks never ended."""
    rows = Verification.objects.filter(state=State.SUBMITTED, submitted_at__lt=at - CHECK_LOST_AFTER)
    return list(rows.order_by("pk").values_list("uid", flat=True)[:limit])


def list_files_due(*, at: datetime, limit: int) -> list[Verification]:
    """Decided requests whose pictures have been kept long enough."""
    return list(Verification.objects.filter(files_until__lte=at).order_by("files_until")[:limit])


def list_without_keys(*, limit: int) -> list[Verification]:
    """Open requests of whose pictures no key is left."""
    keys = FileKey.objects.filter(file_uid=OuterRef("file__uid"))
    lost = VerificationFile.objects.filter(~Exists(keys), verification=OuterRef("pk"), kind="document")
    return list(Verification.objects.filter(Exists(lost), state__in=OPEN).select_related("user").order_by("pk")[:limit])


def list_ending(*, at: datetime, limit: int) -> list[uuid.UUID]:
    """Approvals whose time is over."""
    rows = Verification.objects.filter(state=State.APPROVED, valid_until__lte=at)
    return list(rows.order_by("valid_until").values_list("uid", flat=True)[:limit])


def list_of_number(*, digest: bytes, but: Verification) -> list[tuple[int, bytes | None]]:
    """Other requests with a document of this number: whose each is, and the hash of its name."""
    names = DocumentHash.objects.filter(kind=DocumentHash.Kind.NAME, verification=OuterRef("verification"))
    rows = DocumentHash.objects.filter(kind=DocumentHash.Kind.NUMBER, digest=digest).exclude(verification=but)
    found = rows.annotate(name=Subquery(names.values("digest")[:1])).values_list("verification__user_id", "name")
    return [(user_id, bytes(name) if name else None) for user_id, name in found[:100]]


def find_alike(*, kind: str, bits: int, bands: tuple[int, int, int, int], user: User, within: int) -> list[int]:
    """Distances (in bits) of pictures of other accounts that differ from this one in `within` bits at most.

    Found by the four bands, so all of them are only where `within` is 3 or less. `bits` is signed, as it is stored.
    """
    rows = DocumentLook.objects.filter(kind=kind).exclude(verification__user=user)
    near: QuerySet[DocumentLook] = rows.none()
    for n, band in enumerate(bands, 1):
        near |= rows.filter(**{f"band_{n}": band})
    mask = (1 << 64) - 1
    distances = [((row & mask) ^ (bits & mask)).bit_count() for row in near.values_list("bits", flat=True)[:1000]]
    return sorted(distance for distance in distances if distance <= within)
