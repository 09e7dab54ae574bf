"""What the records of security let go of with time."""

from __future__ import annotations

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from .. import event_log
from ..constants import EVENTS_KEPT, LIMIT_HITS_KEPT, LOG_DETAILS_KEPT
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
        "events": _forget_events(),
        "log_files": event_log.remove_old(today=now.date()),
    }


# One statement, so that the numbers that are deleted are those that were found.
_FORGET = """
DELETE FROM security_securityevent WHERE id IN (
    SELECT id FROM security_securityevent WHERE created_at < %s ORDER BY created_at LIMIT 20000)
"""


def _forget_events() -> int:
    """Reported events after their time, some at once: the table's trigger lets only this transaction delete."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL pairly.retention = 'on'")
        cursor.execute(_FORGET, [timezone.now() - EVENTS_KEPT])
        n = int(cursor.rowcount)
        cursor.execute("SET LOCAL pairly.retention = 'off'")
    return n
