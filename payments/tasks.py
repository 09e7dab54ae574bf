from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from .errors import ProviderUnavailable
from .services import reconciliation, webhooks


@shared_task(name="payments.process_event")
def process_event(*, event_pk: int) -> bool:
    """Works on one notice; False when the provider was away and the sweeper has to come back."""
    try:
        webhooks.process(event_pk=event_pk)
    except ProviderUnavailable:
        return False
    return True


@shared_task(name="payments.sweep_events")
def sweep_events() -> int:
    """Every 30 s: notices whose job was lost."""
    return reconciliation.sweep_events(at=timezone.now())


@shared_task(name="payments.reconcile")
def reconcile() -> int:
    """Every 5 min: payments that no notice told us about."""
    return reconciliation.reconcile(at=timezone.now())
