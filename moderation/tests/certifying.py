"""People with an approved verification and a certificate."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from moderation.certificates.services import issuing
from moderation.models import Certificate, Verification
from pairly.testing.people import make_staff, make_user
from users.models import User

LASTS = timedelta(days=700)


def verify(user: User) -> Verification:
    """As after a reviewer's approval, without pictures."""
    now = timezone.now()
    User.objects.filter(pk=user.pk).update(verification_level=User.VerificationLevel.DOCUMENT)
    user.verification_level = User.VerificationLevel.DOCUMENT
    return Verification.objects.create(
        user=user, state="approved", document_type="passport", consent_at=now, submitted_at=now, decided_at=now,
        decided_by=make_staff("moderator"), valid_until=now + LASTS,
    )  # fmt: skip


def certify(user: User) -> Certificate:
    """Verified, with a certificate."""
    return issuing.issue(verification=verify(user))


def make_certified(name: str = "Mara Lind") -> Certificate:
    """A creator's."""
    return certify(make_user("creator", name=name))
