from __future__ import annotations

import uuid

from celery import shared_task

from .services import (
    announcements,
    digests,
    erasure,
    exports,
    notification_reading,
    recoveries,
    retention,
    suspensions,
)


# -- devices, lockout, approval
@shared_task(name="users.retain")
def retain() -> dict[str, int]:
    """Every hour: deletes expired codes and sign-ins that were never finished."""
    return retention.retain()


# -- staff accounts and lost factors
@shared_task(name="users.finish_recoveries")
def finish_recoveries() -> int:
    """Every minute: removes second factors whose loss two people have confirmed and whose waiting time is over."""
    return recoveries.finish_due()


# -- privacy and suspension
@shared_task(name="users.end_suspensions")
def end_suspensions() -> int:
    """Every minute: lets people back whose suspension is over."""
    return suspensions.end_due()


@shared_task(name="users.erase_due")
def erase_due() -> int:
    """Every 10 min: erases accounts whose time of grace is over."""
    return erasure.erase_due()


@shared_task(name="users.make_export")
def make_export(export: str) -> bool:
    """Makes one copy of someone's data."""
    return exports.make(export_uid=uuid.UUID(export))


@shared_task(name="users.sweep_exports")
def sweep_exports() -> int:
    """Every 5 min: begins copies again that a crash left undone, and deletes those that were kept long enough."""
    return exports.sweep()


# -- notifications
@shared_task(name="users.write_digests")
def write_digests() -> int:
    """Every 5 min: writes the mails of what was not read that are due."""
    return digests.write_due()


@shared_task(name="users.forget_notifications")
def forget_notifications() -> int:
    """Every hour: deletes notifications that were kept long enough."""
    return notification_reading.forget_old()


# -- web push and announcements
@shared_task(name="users.spread_announcements")
def spread_announcements() -> int:
    """Every minute, and when one is published: tells people of announcements that are out."""
    return announcements.spread_due()
