"""What becomes of money that has left us for a creator's account at the provider: whether their bank took it.

A transfer puts the money into the account that the creator has at Stripe, and the account pays it to their bank by
itself. A bank that refuses sends it back into that account: the creator has it still, corrects the bank account there,
and it is paid again. So nothing is booked here and no credit is earned again; only a reversed transfer does that. The
timeline says where the money is, whose turn it is, and until when.
"""

from __future__ import annotations

import uuid

import structlog
from django.db import transaction
from django.utils import timezone

from .. import payout_selectors as selectors
from ..constants import ARRIVAL_SPANS, BANK_FAILED, BANK_FAILED_LONG, BANK_FIX_SPAN, REVIEW_SPAN
from ..errors import ProviderUnavailable
from ..gateways.base import GatewayError
from ..gateways.payout_registry import get_payout_gateway
from ..gateways.payouts import Arrival, ArrivalState
from ..models import Payout
from . import payout_steps
from .payout_steps import Owner, Status

log = structlog.get_logger(__name__)


def follow(*, kind: str, account_id: str) -> int:
    """Ask an account what its bank took of our payouts, and say so in their timelines; returns how many are told of.
    Repeating it changes nothing. Must not run inside a transaction. Raises ProviderUnavailable."""
    paid = selectors.list_paid_to_account(kind=kind, account_id=account_id, at=timezone.now())
    if not paid:
        return 0
    since = min(sent_at for _, _, sent_at in paid)
    try:
        arrivals = get_payout_gateway(kind=kind).fetch_arrivals(account_id=account_id, since=since)
    except GatewayError as error:
        log.warning("payout_arrivals_not_fetched", error=type(error).__name__)
        raise ProviderUnavailable(retry_after_s=5) from error
    found = [(uid, arrivals[named]) for uid, named, _ in paid if named in arrivals]
    for uid, arrival in found:
        _tell(uid, arrival)
    return len(found)


@transaction.atomic
def _tell(uid: uuid.UUID, arrival: Arrival) -> None:
    payout = payout_steps.hold(uid=uid)
    if payout.status != Status.PAID:  # reversed meanwhile: the credits are earned again, and that is the end of it
        return
    has_failed = payout.reason.startswith(BANK_FAILED)
    if arrival.state is ArrivalState.FAILED:
        _tell_of_failure(payout, arrival.reason)
    elif arrival.state is ArrivalState.ARRIVED:
        payout_steps.note(payout=payout, owner=Owner.NOBODY, reason="arrived")
    elif has_failed:
        span = ARRIVAL_SPANS[payout.method.kind]
        payout_steps.note(payout=payout, owner=Owner.BANK, reason="bank_again", within=span)


def _tell_of_failure(payout: Payout, reason: str) -> None:
    """The creator's turn, and ours where they let the time pass."""
    last = payout.steps.order_by("-id").first()
    is_late = (
        last is not None
        and last.reason.startswith(BANK_FAILED)
        and last.latest_at is not None
        and last.latest_at <= timezone.now()
    )
    if is_late or payout.reason == BANK_FAILED_LONG:
        log.error("payout_waits_at_the_bank_account", payout=str(payout.uid))
        payout_steps.note(payout=payout, owner=Owner.PAIRLY, reason=BANK_FAILED_LONG, within=REVIEW_SPAN)
    else:
        log.warning("payout_not_taken_by_the_bank", payout=str(payout.uid), reason=reason)
        payout_steps.note(payout=payout, owner=Owner.YOU, reason=reason, within=BANK_FIX_SPAN)
