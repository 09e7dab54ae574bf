"""What sign-ins leave behind and is of no use any more."""

from __future__ import annotations

from django.utils import timezone

from .. import push_selectors
from ..constants import CHALLENGES_KEPT, RESET_CODE_KEPT
from ..models import PasswordReset, SignInChallenge, UnlockCode


def retain() -> dict[str, int]:
    """Delete what expired; returns how many rows of each kind. Safe to run at any time."""
    now = timezone.now()
    expired = {
        "challenges": SignInChallenge.objects.filter(expires_at__lt=now - CHALLENGES_KEPT),
        "unlock_codes": UnlockCode.objects.filter(expires_at__lt=now),
        "push_devices": push_selectors.silent_push_devices(),
        "password_resets": PasswordReset.objects.filter(expires_at__lt=now - RESET_CODE_KEPT),
    }
    return {kind: rows.delete()[0] for kind, rows in expired.items()}
