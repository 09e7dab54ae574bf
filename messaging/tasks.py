from __future__ import annotations

from celery import shared_task

from .services import deadlines, delivery


@shared_task(name="messaging.void_overdue_holds")
def void_overdue_holds() -> int:
    """Every 15 s: refunds what was not answered in time."""
    return deadlines.void_overdue_holds()


@shared_task(name="messaging.sweep_unpushed")
def sweep_unpushed() -> int:
    """Every 10 s: pushes what a crash left unpushed."""
    return delivery.sweep()
