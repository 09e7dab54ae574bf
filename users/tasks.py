from __future__ import annotations

import uuid

from celery import shared_task

from .services import erasure, exports, recoveries, retention, suspensions


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
