from __future__ import annotations

from celery import shared_task

from . import services


@shared_task(name="outbox.deliver")
def deliver() -> int:
    """Deliver due rows; returns how many were sent."""
    return services.deliver_due()


@shared_task(name="outbox.retain")
def retain() -> dict[str, int]:
    """Every hour: removes what was delivered or given up long ago."""
    return services.retain()
