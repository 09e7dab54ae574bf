from __future__ import annotations

from celery import shared_task

from . import services


@shared_task(name="outbox.deliver")
def deliver() -> int:
    """Deliver due rows; returns how many were sent."""
    return services.deliver_due()
