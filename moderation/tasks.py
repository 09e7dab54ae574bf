from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from .organisations.services import deliveries, happenings, webhooks
from .reports.services import attachments, deciding
from .services import figures
from .verifications.services import checking, lifecycle


@shared_task(name="moderation.check_document")
def check_document(*, uid: str) -> bool:
    """Checks a request that was sent in and hands it to a person."""
    return checking.check(uid=uuid.UUID(uid))


@shared_task(name="moderation.sweep_verifications")
def sweep_verifications() -> int:
    """Every 5 min: checks that never ended, pictures that were kept long enough, approvals whose time is over, requests
    that nobody can look at any more."""
    at = timezone.now()
    n_ended = lifecycle.destroy_due(at=at) + lifecycle.end_due(at=at) + lifecycle.close_lost()
    return n_ended + checking.check_lost()


@shared_task(name="moderation.sweep_reports")
def sweep_reports() -> int:
    """Every hour: evidence of decided reports that was kept long enough, and files that were never checked."""
    at = timezone.now()
    return deciding.forget_due(at=at) + attachments.check_lost(at=at)


@shared_task(name="moderation.check_reported_files")
def check_reported_files(*, uid: str) -> int:
    """After a report: whether the files of its messages are those that were sent."""
    return attachments.check_report(uid=uuid.UUID(uid))


@shared_task(name="moderation.send_deliveries")
def send_deliveries() -> int:
    """After something happened and every 30 s: what is due to go to the webhooks of organisations."""
    return deliveries.send_due()


@shared_task(name="moderation.sweep_deliveries")
def sweep_deliveries() -> int:
    """Every hour: certificates that have run out are told of; what was told long ago and old secrets are removed."""
    at = timezone.now()
    return happenings.tell_expired(at=at) + deliveries.retain(at=at) + webhooks.forget_old_secrets(at=at)


@shared_task(name="moderation.count_days")
def count_days() -> int:
    """Every night: the figures of the day before, and of nights that were missed."""
    return figures.count_due(at=timezone.now())
