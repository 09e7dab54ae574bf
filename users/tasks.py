from __future__ import annotations

from celery import shared_task

from .services import recoveries, retention


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
