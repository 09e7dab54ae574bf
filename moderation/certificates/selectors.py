"""Reads of certificates. One's own by `user`; what is public by its code, which is all it takes."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from pairly.common.problems import NotFound
from users.models import User

from ..models import Certificate, CertificateKey, Verification


def list_own(*, user: User) -> QuerySet[Certificate]:
    """One's certificates, the newest first, those that hold no more too."""
    return Certificate.objects.filter(user=user).select_related("key").order_by("-pk")


def get_own(*, user: User, code: str) -> Certificate:
    """A certificate of one's own. Raises NotFound."""
    found = list_own(user=user).filter(code=code).first()
    if found is None:
        raise NotFound
    return found


def list_of(*, people: QuerySet[Any, Any]) -> QuerySet[Certificate]:
    """Every certificate of `people` (a query of their primary keys), the newest first. The caller has asked whether
    they let it."""
    return Certificate.objects.filter(user__in=people).select_related("key", "user").order_by("-pk")


def find_for_staff(*, code: str) -> Certificate | None:
    """For who may take back those of others, which the caller has asked."""
    return Certificate.objects.select_related("key", "user").filter(code=code).first()


def find_in_force(*, user: User) -> Certificate | None:
    """The certificate of `user` that holds now. Their profile shows it to everybody."""
    return list_own(user=user).filter(revoked_at__isnull=True, expires_at__gt=timezone.now()).first()


def find_public(*, code: str) -> Certificate | None:
    """The certificate with this code, whoever asks."""
    return Certificate.objects.select_related("user").filter(code=code).first()


def find_standing(*, code: str) -> tuple[datetime | None, str] | None:
    """When and why a certificate was taken back, (None, "") where it was not; None where there is none."""
    return Certificate.objects.filter(code=code).values_list("revoked_at", "revoked_because").first()


def find_approved(*, user: User, for_update: bool = False) -> Verification | None:
    """The approval in force that a certificate may rest on; `for_update` locks it, inside a transaction."""
    rows = Verification.objects.select_related("user").filter(user=user, state=Verification.State.APPROVED)
    rows = rows.filter(valid_until__gt=timezone.now())
    return (rows.select_for_update(of=("self",)) if for_update else rows).first()


def count_since(*, user: User, at: datetime) -> int:
    """How many certificates were given out about somebody since `at`."""
    return Certificate.objects.filter(user=user, issued_at__gt=at).count()


def list_keys() -> list[CertificateKey]:
    """Every key that ever signed, the newest first: certificates of the older ones stay valid."""
    return list(CertificateKey.objects.order_by("-created_at"))


def list_revoked() -> list[str]:
    """SHA-256, in hexadecimal, of the code of every certificate that was taken back before its end.

    Hashes, so that who has a certificate can ask about it, and the list leads nobody to a person.
    """
    rows = Certificate.objects.filter(revoked_at__isnull=False, expires_at__gt=timezone.now())
    return sorted(hashlib.sha256(code.encode()).hexdigest() for code in rows.values_list("code", flat=True))
