"""Accepting a dispute: staff's word is told to the provider, once, and cannot be taken back.

The word is kept in the transaction of the decision; the call comes after it, by a job or the reconciler. Accepting
again is harmless: the provider is asked first how the dispute stands. What it then says goes the way of all its answers
(`fulfilment.fulfil`). Evidence is not sent from here: staff sends it on the provider's own page.
"""

from __future__ import annotations

import uuid
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from pairly.common.after_commit import enqueue
from pairly.common.problems import NotFound

from .. import registry, selectors
from ..errors import ProviderUnavailable
from ..gateways.base import GatewayError, ProviderRefused
from ..gateways.registry import get_gateway
from ..models import MoneyBack
from . import fulfilment

log = structlog.get_logger(__name__)


@transaction.atomic
def accept(*, uid: uuid.UUID) -> bool:
    """Keep that a dispute is accepted, in the caller's transaction, and tell the provider after it. Returns whether
    there is something to tell: not where the bank has decided. Raises NotFound."""
    row = MoneyBack.objects.select_for_update().filter(uid=uid, kind=MoneyBack.Kind.DISPUTE).first()
    if row is None:
        raise NotFound
    if row.state != MoneyBack.State.OPEN:
        return False
    row.accept_asked_at, row.accept_refused = timezone.now(), ""
    row.save(update_fields=["accept_asked_at", "accept_refused"])
    enqueue(task="payments.accept_dispute", uid=str(row.uid))
    return True


def send_acceptance(*, uid: uuid.UUID) -> bool:
    """Tell the provider, and follow what it says; safe to repeat and in parallel. Must not run inside a transaction.

    Returns whether the dispute has ended. A refusal opens the case again. Raises NotFound, ProviderUnavailable.
    """
    row = MoneyBack.objects.select_related("payment").filter(uid=uid).first()
    if row is None:
        raise NotFound
    is_asked = row.accept_asked_at is not None and not row.accept_refused
    if row.state != MoneyBack.State.OPEN or not is_asked:
        return row.state in (MoneyBack.State.LOST, MoneyBack.State.WON)
    try:
        get_gateway(provider=row.payment.provider).accept_dispute(dispute_id=row.provider_object_id or "")
    except ProviderRefused as error:
        _note_refusal(row.pk, error.code)
        return False
    except GatewayError as error:
        log.warning("dispute_not_accepted_yet", dispute=str(uid), error=type(error).__name__)
        raise ProviderUnavailable(retry_after_s=5) from error
    log.info("dispute_accepted", dispute=str(uid))
    fulfilment.fulfil(payment_id=row.payment.uid)
    row.refresh_from_db()
    return row.state in (MoneyBack.State.LOST, MoneyBack.State.WON)


@transaction.atomic
def _note_refusal(pk: int, code: str) -> None:
    row = MoneyBack.objects.select_for_update().get(pk=pk)
    if row.state == MoneyBack.State.OPEN and not row.accept_refused:
        log.error("dispute_acceptance_refused", dispute=str(row.uid), reason=code)
        row.accept_refused = code[:40] or "refused"
        row.save(update_fields=["accept_refused"])
        registry.run_acceptance_refused(uid=row.uid)


def finish_acceptances(*, at: datetime) -> int:
    """The reconciler: acceptances whose job was lost; returns how many were told. Stops when the provider is away."""
    n_told = 0
    for uid in selectors.list_untold_acceptances(at=at):
        try:
            n_told += send_acceptance(uid=uid)
        except ProviderUnavailable:
            break
    return n_told
