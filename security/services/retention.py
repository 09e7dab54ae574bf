"""What the records of security let go of with time."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone

from .. import event_log
from ..constants import LIMIT_HITS_KEPT, LOG_DETAILS_KEPT
from ..models import KnownDevice, LimitHit, LoginAttempt


def retain() -> dict[str, int]:
    """Remove what is kept too long; returns how many rows and files of each kind changed. Safe to run at any time.

    Of a sign-in attempt the keyed hash and the outcome stay, of a known device its name and what it is known by.
    """
    now = timezone.now()
    has_details = Q(ip__isnull=False) | ~Q(user_agent="")
    nothing = {"ip": None, "user_agent": ""}
    old = now - LOG_DETAILS_KEPT
    return {
        "attempts": LoginAttempt.objects.filter(has_details, created_at__lt=old).update(**nothing),
        "devices": KnownDevice.objects.filter(has_details, last_seen_at__lt=old).update(**nothing),
        "limit_hits": LimitHit.objects.filter(created_at__lt=now - LIMIT_HITS_KEPT).delete()[0],
        "log_files": event_log.remove_old(today=now.date()),
    }
