"""Figures over everybody's accounts, for the platform's own statistics. Nobody in particular is in them."""

from __future__ import annotations

from datetime import datetime

from .models import Session, User


def count_joined(*, since: datetime, until: datetime) -> int:
    """Accounts that were made from `since` to before `until`; staff are none of them."""
    return User.objects.filter(created_at__gte=since, created_at__lt=until, is_staff=False).count()


def count_active(*, since: datetime, until: datetime) -> int:
    """People whose sign-ins were used from `since` on and begun before `until`; staff are none of them.

    A sign-in knows when it was used last, not each time: right only when asked shortly after `until`.
    """
    rows = Session.objects.filter(last_seen_at__gte=since, created_at__lt=until, user__is_staff=False)
    return rows.values("user").distinct().count()
