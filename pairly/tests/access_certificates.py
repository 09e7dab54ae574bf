"""Certificates in the access matrix: the owner has one."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django.utils import timezone

from moderation.certificates.services import issuing
from moderation.models import Certificate, Verification
from users.models import User

if TYPE_CHECKING:
    from .access_setups import Scene


def make_certificate(owner: User) -> str:
    """About the owner, whose account is left as it was."""
    now = timezone.now()
    reviewer = User.objects.filter(is_staff=True).exclude(pk=owner.pk).earliest("pk")
    verification = Verification.objects.create(
        user=owner, state="approved", document_type="passport", consent_at=now, submitted_at=now, decided_at=now,
        decided_by=reviewer, valid_until=now + timedelta(days=700),
    )  # fmt: skip
    return issuing.issue(verification=verification).code


def an_older_one(scene: Scene) -> dict[str, str]:
    """The owner's is of another day, so that another one may be had."""
    Certificate.objects.filter(user=scene.owner).update(issued_at=timezone.now() - timedelta(days=2))
    return {}
