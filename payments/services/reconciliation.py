"""What no webhook told us."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog

from .. import selectors
from ..constants import SESSION_LIFE_HOURS
from ..errors import ProviderUnavailable
from ..models import Payment
from . import fulfilment, webhooks

log = structlog.get_logger(__name__)


def reconcile(*, at: datetime) -> int:
    """Ask the provider about payments that wait; returns how many left that state. Stops when it is away."""
    n_moved = 0
    for payment in selectors.list_unsettled(at=at):
        if payment.provider_session_id is None:
            n_moved += _give_up(payment, at)
            continue
        try:
            n_moved += fulfilment.fulfil(payment_id=payment.uid).status != Payment.Status.CREATED
        except ProviderUnavailable:
            break
    return n_moved


def look_for_late(*, at: datetime) -> int:
    """Ask about payments that failed or expired and may have been authorised after that; returns how many were paid
    after all. Stops when the provider is away."""
    n_paid = 0
    for payment_uid in selectors.list_late(at=at):
        try:
            payment = fulfilment.fulfil(payment_id=payment_uid)
        except ProviderUnavailable:
            break
        n_paid += not payment.is_open
    return n_paid


def follow_up(*, at: datetime) -> int:
    """Ask about refunds and disputes under way that were not heard of for a while; returns of how many payments. Stops
    when the provider is away."""
    n_asked = 0
    for payment_uid in selectors.list_undecided(at=at):
        try:
            fulfilment.fulfil(payment_id=payment_uid)
        except ProviderUnavailable:
            break
        n_asked += 1
    return n_asked


def _give_up(payment: Payment, at: datetime) -> int:
    """Nobody was ever sent to a checkout whose address we never got."""
    rows = Payment.objects.filter(pk=payment.pk, status=Payment.Status.CREATED, provider_session_id__isnull=True)
    before = at - timedelta(hours=SESSION_LIFE_HOURS)
    return rows.filter(created_at__lt=before).update(status=Payment.Status.EXPIRED)


def sweep_events(*, at: datetime) -> int:
    """Work on notices whose job was lost; returns how many were done. Stops when the provider is away."""
    n_done = 0
    for event_pk in selectors.list_waiting_events(at=at):
        try:
            webhooks.process(event_pk=event_pk)
        except ProviderUnavailable:
            break
        except Exception:  # a defect met by one notice must not keep the others waiting
            log.exception("webhook_not_processed", event_pk=event_pk)
            continue
        n_done += 1
    return n_done
