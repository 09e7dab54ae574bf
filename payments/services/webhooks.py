"""Notices of providers: verify, keep once, answer, work later."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import structlog
from django.db import transaction
from django.utils import timezone

from pairly.common.after_commit import enqueue
from security import event_log

from .. import selectors
from ..errors import BadWebhookSignature, ProviderUnavailable, WrongMode
from ..gateways import base
from ..gateways.payout_registry import parse_notice
from ..gateways.registry import find_provider, get_gateway
from ..models import Payment, WebhookEvent
from . import fulfilment, payout_events

log = structlog.get_logger(__name__)


def receive(*, provider: str | None, headers: Mapping[str, str], body: bytes) -> None:
    """Take a notice over its raw body; `headers` by lower-case name, `provider` None: by signature header.

    A repeated notice changes nothing. Raises BadWebhookSignature, WrongMode, ProviderUnavailable; nothing is
    written then.
    """
    provider = provider or find_provider(headers=headers)
    if provider is None:
        _tell("unknown", reason="no_signature")
        raise BadWebhookSignature
    gateway = get_gateway(provider=provider)
    try:
        event = parse_notice(gateway=gateway, headers=headers, body=body)
    except base.BadSignature as error:
        _tell(provider, reason=str(error))
        raise BadWebhookSignature from error
    if event.livemode != gateway.is_live:
        log.error("webhook_wrong_mode", provider=provider, event_id=event.id)
        _tell(provider, reason="wrong_mode")
        raise WrongMode
    _keep(provider, event)


def _tell(provider: str, *, reason: str) -> None:
    """The security log has who sent a notice that is not the provider's."""
    event_log.write(action="webhook.refused", outcome="failure", severity="warning", reason=reason, provider=provider)


def _keep(provider: str, event: base.WebhookEvent) -> None:
    """Insert once. A repetition of one nobody worked on starts the work again: the job may be lost."""
    with transaction.atomic():
        row, _ = WebhookEvent.objects.get_or_create(
            provider=provider,
            event_id=event.id,
            defaults={
                "type": event.type,
                "object_id": event.object_id,
                "session_id": event.session_id,
                "payment_object_id": event.payment_object_id,
                "reference": event.reference,
                "payload": dict(event.payload),
            },
        )
        if row.processed_at is None:
            enqueue(task="payments.process_event", event_pk=row.pk)


def process(*, event_pk: int) -> None:
    """Work on a kept notice; safe to repeat and in parallel. Raises ProviderUnavailable: it stays undone."""
    event = WebhookEvent.objects.filter(pk=event_pk, processed_at__isnull=True).first()
    if event is None:
        return
    is_of_payout = payout_events.take(event=event)
    payment = None if is_of_payout else selectors.find_payment_of_event(event=event) or _ask_for_payment(event)
    if is_of_payout:
        log.info("webhook_of_payout", type=event.type, event_id=event.event_id)
    elif payment is None:
        log.info("webhook_of_nothing_ours", type=event.type, event_id=event.event_id)
    else:
        _adopt_session(payment, event)
        fulfilment.fulfil(payment_id=payment.uid)
    WebhookEvent.objects.filter(pk=event.pk, processed_at__isnull=True).update(processed_at=timezone.now())


def _ask_for_payment(event: WebhookEvent) -> Payment | None:
    """A refund, dispute or warning names only the provider's payment, which we do not know until it is credited: that
    may be happening at this moment, or its notice was lost."""
    if not event.payment_object_id:
        return None
    try:
        gateway = get_gateway(provider=event.provider)
        reference = gateway.find_reference(provider_object_id=event.payment_object_id)
        return Payment.objects.filter(uid=uuid.UUID(reference), provider=event.provider).first()
    except base.GatewayError as error:
        raise ProviderUnavailable(retry_after_s=5) from error
    except ValueError:  # no reference, or not one of ours
        return None


def _adopt_session(payment: Payment, event: WebhookEvent) -> None:
    """The answer to our checkout was lost, the notice names its session; fetching checks its reference."""
    if payment.provider_session_id is None and event.session_id:
        rows = Payment.objects.filter(pk=payment.pk, provider_session_id__isnull=True)
        rows.update(provider_session_id=event.session_id)
