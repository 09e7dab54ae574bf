from __future__ import annotations

from celery import shared_task

from .services import retention


@shared_task(name="security.retain")
def retain() -> dict[str, int]:
    """Every hour: removes what the records of security keep too long."""
    return retention.retain()
