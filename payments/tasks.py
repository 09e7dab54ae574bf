from __future__ import annotations

import uuid
from datetime import date

from celery import shared_task
from django.utils import timezone

from .errors import ProviderUnavailable, RefundRefused
from .services import dispute_answers, money_back, payout_sending, provider_lists, reconciliation, webhooks
from .shop.services import renderings, stray_files


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
    """Every 5 min: payments that no notice told us about, also after they failed; refunds whose answer was lost,
    disputes under way."""
    at = timezone.now()
    n_moved = reconciliation.reconcile(at=at) + reconciliation.look_for_late(at=at)
    n_moved += money_back.finish_refunds(at=at) + dispute_answers.finish_acceptances(at=at)
    return n_moved + reconciliation.follow_up(at=at)


@shared_task(name="payments.accept_dispute")
def accept_dispute(*, uid: str) -> bool:
    """After staff accepted a dispute; False when the reconciler has to come back to it, or the provider refused."""
    try:
        return dispute_answers.send_acceptance(uid=uuid.UUID(uid))
    except ProviderUnavailable:
        return False


@shared_task(name="payments.refund_warned")
def refund_warned(*, payment_uid: str) -> bool:
    """After an early fraud warning; False when the reconciler has to come back to it."""
    try:
        return money_back.refund_warned(payment_uid=uuid.UUID(payment_uid)) is not None
    except (ProviderUnavailable, RefundRefused):
        return False


# -- comparing with the providers' lists
@shared_task(name="payments.compare_days")
def compare_days() -> int:
    """Each hour: days that are over and were not compared with the provider's own list, so each once, soon after it
    ends; how many. A provider that is away is asked again."""
    return provider_lists.compare_missing_days(today=timezone.now().date())


@shared_task(name="payments.compare_day")
def compare_day(*, provider: str, day: str) -> int:
    """When staff ask: one day; how many differences there are."""
    return provider_lists.compare_day(provider=provider, day=date.fromisoformat(day)).n_differences


# -- shop
@shared_task(name="payments.render_unlock")
def render_unlock(*, unlock: int) -> int:
    """After a purchase: renders its pictures, so that the library opens at once."""
    return renderings.render_unlock(pk=unlock)


@shared_task(name="payments.forget_renderings")
def forget_renderings(*, unlock: int) -> None:
    """After a refund: deletes what was rendered for the buyer."""
    renderings.forget_renderings(pk=unlock)


@shared_task(name="payments.sweep_shop_files")
def sweep_shop_files() -> int:
    """Every 6 h: deletes files of the shop that no row has named for a day."""
    return stray_files.sweep()


@shared_task(name="payments.send_payout")
def send_payout(*, uid: str) -> str:
    """Sends one payout; the status it is left in. Without an answer the sweeper comes back."""
    return payout_sending.send(uid=uuid.UUID(uid)).status


@shared_task(name="payments.sweep_payouts")
def sweep_payouts() -> int:
    """Each minute: payouts whose job was lost, and what became of those on their way."""
    return payout_sending.sweep(at=timezone.now())


@shared_task(name="payments.sweep_paid_payouts")
def sweep_paid_payouts() -> int:
    """Each hour: money that came back and nobody told us."""
    return payout_sending.sweep_paid(at=timezone.now())
