from __future__ import annotations

from celery import shared_task

from .services import retention


@shared_task(name="users.retain")
def retain() -> dict[str, int]:
    """Every hour: deletes expired codes and sign-ins that were never finished."""
    return retention.retain()
