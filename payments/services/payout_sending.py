"""Money on its way to a creator, once: approved, then on its way, then paid or back.

  1. begin: under the row's lock the ledger says "sent", the row `processing`, and both are committed before anybody
     calls the provider. Whoever begins holds a lease (`checked_at`): nobody else calls meanwhile.
  2. call: the payout's public id is the provider's idempotency key and its reference. A repetition, after a crash or
     an answer that was lost, asks for that reference first, so it also holds when the provider has forgotten the key.
  3. answer: under the lock again; the ledger's operations are keyed on the payout and the step, so nothing is booked
     twice, whoever brings the answer: the call, a notice or the sweeper.
A provider that is away changes nothing: the sweeper comes back each minute.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import NamedTuple

import structlog
from django.db import transaction
from django.utils import timezone

from pairly.common.problems import NotFound

from .. import payout_selectors as selectors
from ..constants import ARRIVAL_SPANS, BALANCE_LOW, BALANCE_SPAN, SEND_LEASE, SENDING_SPAN
from ..errors import ProviderUnavailable
from ..gateways.base import BalanceTooLow, GatewayError, ProviderRefused
from ..gateways.payout_registry import get_payout_gateway
from ..gateways.payouts import PayoutOrder, PayoutState, ProviderPayout
from ..models import Payout, PayoutMethod
from . import payout_arrivals, payout_methods, payout_steps
from .payout_steps import Owner, Status

log = structlog.get_logger(__name__)


class _Turn(NamedTuple):
    """The right to call the provider now; `is_repeat`: somebody may have called already."""

    kind: str
    order: PayoutOrder
    is_repeat: bool


def send(*, uid: uuid.UUID) -> Payout:
    """Send an approved payout, or go on where it was left; safe to repeat and in parallel. Returns it as it is then.

    Must not run inside a transaction. Manual ones wait for staff, held ones for their time. Raises NotFound; a
    provider that is away raises nothing.
    """
    payout = _find(uid)
    if payout.method.kind == PayoutMethod.Kind.MANUAL:
        return payout
    if payout.status == Status.APPROVED and not (_is_method_known(payout) and _is_covered(payout)):
        return _find(uid)
    turn = _begin(uid)
    if turn is None:
        return _find(uid)
    try:
        answer = _call(turn)
    except BalanceTooLow:
        return _follow_low_balance(turn)
    except ProviderRefused as error:
        return _follow_refusal(turn, error.code)
    except (GatewayError, ProviderUnavailable) as error:
        log.warning("payout_unanswered", payout=str(uid), error=type(error).__name__)
        return _note_away(uid)
    return _take(uid, answer)


def _find(uid: uuid.UUID) -> Payout:
    return selectors.get_for_staff(uid=uid)


def _is_method_known(payout: Payout) -> bool:
    """Ask the provider whether the account is still the one that was agreed on; False where it cannot be asked."""
    try:
        payout_methods.refresh_method(uid=payout.method.uid)
    except ProviderUnavailable:
        _note_away(payout.uid)
        return False
    return True


def _is_covered(payout: Payout) -> bool:
    """Whether we have enough at the provider. It says what is so now: several may be sent at once, and the last is then
    refused (`_follow_low_balance`)."""
    try:
        available = get_payout_gateway(kind=payout.method.kind).available_minor(currency=payout.currency)
    except (GatewayError, ProviderUnavailable):
        _note_away(payout.uid)
        return False
    if available is None or available >= payout.amount_minor:
        return True
    with transaction.atomic():
        held = payout_steps.hold(uid=payout.uid)
        if held.status == Status.APPROVED:
            _wait_for_balance(held)
    return False


@transaction.atomic
def _begin(uid: uuid.UUID) -> _Turn | None:
    payout, now = payout_steps.hold(uid=uid), timezone.now()
    is_repeat = payout.status == Status.PROCESSING
    if is_repeat:
        is_taken = payout.checked_at is not None and payout.checked_at > now - SEND_LEASE
        if payout.provider_payout_id is not None or is_taken:
            return None
        payout.checked_at = now
        payout.save(update_fields=["checked_at"])
    elif payout.status != Status.APPROVED:
        return None
    elif obstacle := find_obstacle(payout=payout, at=now):
        payout.checked_at = now
        payout.save(update_fields=["checked_at"])
        payout_steps.note(payout=payout, owner=Owner.YOU, reason=obstacle)
        return None
    else:
        leave(payout=payout, at=now)
    order = PayoutOrder(
        payout_id=payout.uid,
        account_id=payout.method.provider_account_id,
        amount_minor=payout.amount_minor,
        currency=payout.currency,
        attempt=payout.n_unsent,
    )
    return _Turn(payout.method.kind, order, is_repeat)


def leave(*, payout: Payout, at: datetime) -> None:
    """From approved to processing, in the ledger and here; the caller holds the row."""
    payout_steps.book(payout=payout, step="sent", at=at)
    payout_steps.move(payout=payout, status=Status.PROCESSING, sent_at=at, checked_at=at)
    is_manual = payout.method.kind == PayoutMethod.Kind.MANUAL
    payout_steps.note(
        payout=payout,
        owner=Owner.BANK if is_manual else Owner.PROVIDER,
        reason="sent",
        within=ARRIVAL_SPANS[payout.method.kind],
    )


def find_obstacle(*, payout: Payout, at: datetime) -> str:
    """Why an approved payout must not leave now, "" for nothing: things change between the asking and the sending."""
    method = PayoutMethod.objects.get(pk=payout.method_id)
    if selectors.is_held(user=payout.user):
        return "restricted"
    if payout.user.verification_level < payout.user.VerificationLevel.DOCUMENT:
        return "verification"
    if method.state != PayoutMethod.State.READY:
        return "method_not_ready"
    return "method_changed" if method.usable_at > at else ""


def _call(turn: _Turn) -> ProviderPayout:
    gateway = get_payout_gateway(kind=turn.kind)
    if turn.is_repeat:
        found = gateway.fetch_payout(payout_id=turn.order.payout_id, provider_payout_id="")
        if found is not None:
            return found
    return gateway.create_payout(order=turn.order)


def _follow_refusal(turn: _Turn, code: str) -> Payout:
    """A refusal gives the credits back only where the provider says that it has no such payout: money that left must
    never be earned again."""
    uid = turn.order.payout_id
    log.error("payout_refused", payout=str(uid), reason=code)
    try:
        found = get_payout_gateway(kind=turn.kind).fetch_payout(payout_id=uid, provider_payout_id="")
    except (GatewayError, ProviderUnavailable) as error:
        log.warning("payout_unanswered", payout=str(uid), error=type(error).__name__)
        return _note_away(uid)
    return _take(uid, found) if found is not None else returned(uid=uid, reason="provider_failed")


def _follow_low_balance(turn: _Turn) -> Payout:
    """The provider made none and, of this key, makes none any more. Where it also has none of our reference, the money
    is set aside again: approved, waiting for our balance, and the next sending has a key of its own."""
    uid = turn.order.payout_id
    try:
        found = get_payout_gateway(kind=turn.kind).fetch_payout(payout_id=uid, provider_payout_id="")
    except (GatewayError, ProviderUnavailable) as error:
        log.warning("payout_unanswered", payout=str(uid), error=type(error).__name__)
        return _note_away(uid)
    return _take(uid, found) if found is not None else _unsend(uid, attempt=turn.order.attempt)


@transaction.atomic
def _unsend(uid: uuid.UUID, *, attempt: int) -> Payout:
    payout = payout_steps.hold(uid=uid)
    is_mine = payout.status == Status.PROCESSING and payout.n_unsent == attempt
    if is_mine and payout.provider_payout_id is None:
        payout_steps.book(payout=payout, step="unsent", at=timezone.now())
        payout_steps.move(payout=payout, status=Status.APPROVED, n_unsent=attempt + 1, sent_at=None)
        _wait_for_balance(payout)
    return payout


def _wait_for_balance(payout: Payout) -> None:
    """Staff fills it up: `pairly_payouts_waiting_for_balance` has an alert. The caller holds the row."""
    log.error("payout_balance_low", payout=str(payout.uid), kind=payout.method.kind, currency=payout.currency)
    payout.checked_at = timezone.now()
    payout.save(update_fields=["checked_at"])
    payout_steps.note(payout=payout, owner=Owner.PAIRLY, reason=BALANCE_LOW, within=BALANCE_SPAN)


@transaction.atomic
def _note_away(uid: uuid.UUID) -> Payout:
    payout = payout_steps.hold(uid=uid)
    if payout.status in (Status.APPROVED, Status.PROCESSING):
        payout.checked_at = timezone.now()
        payout.save(update_fields=["checked_at"])
        payout_steps.note(payout=payout, owner=Owner.PROVIDER, reason="provider_away", within=SENDING_SPAN)
    return payout


def check(*, uid: uuid.UUID) -> Payout:
    """Ask the provider what became of a payout, and follow. Must not run inside a transaction.

    Raises NotFound, ProviderUnavailable.
    """
    payout = _find(uid)
    has_left = payout.status in (Status.PROCESSING, Status.PAID, Status.RETURNED)
    if not has_left or payout.method.kind == PayoutMethod.Kind.MANUAL:
        return payout
    if payout.provider_payout_id is None and payout.status == Status.PROCESSING:
        return send(uid=uid)
    gateway = get_payout_gateway(kind=payout.method.kind)
    try:
        answer = gateway.fetch_payout(payout_id=uid, provider_payout_id=payout.provider_payout_id or "")
    except GatewayError as error:
        log.warning("payout_not_fetched", payout=str(uid), error=type(error).__name__)
        raise ProviderUnavailable(retry_after_s=5) from error
    if payout.status == Status.RETURNED:
        return _look_back(payout, answer)
    if answer is None:
        log.error("payout_not_at_provider", payout=str(uid))
        return _differs(uid)
    return _take(uid, answer)


def _look_back(payout: Payout, answer: ProviderPayout | None) -> Payout:
    """Of one whose credits are earned again the provider must say that the money is not under way."""
    if answer is None or answer.state is PayoutState.RETURNED:
        return payout
    log.error("payout_left_after_its_return", payout=str(payout.uid), provider_payout=answer.id)
    return _differs(payout.uid)


@transaction.atomic
def _take(uid: uuid.UUID, answer: ProviderPayout) -> Payout:
    """Follow the provider's answer. One of another payout, amount or currency is followed by nobody."""
    payout = payout_steps.hold(uid=uid)
    payout.checked_at = timezone.now()
    if payout.provider_payout_id is None and payout.status == Status.PROCESSING and _is_ours(payout, answer):
        payout.provider_payout_id = answer.id
    payout.save(update_fields=["checked_at", "provider_payout_id"])
    if not _is_ours(payout, answer) or payout.provider_payout_id != answer.id:
        log.error("payout_differs", payout=str(uid), provider_payout=answer.id)
        return _differs(uid)
    if answer.state is PayoutState.PAID:
        return settle(uid=uid)
    if answer.state is PayoutState.RETURNED:
        return returned(uid=uid, reason=answer.reason or "came_back")
    if payout.status == Status.PROCESSING:
        _note_waiting(payout, is_low=answer.reason == BALANCE_LOW)
    return payout


def _note_waiting(payout: Payout, *, is_low: bool) -> None:
    """A provider that itself waits for our money, and then goes on. The caller holds the row."""
    if is_low:
        _wait_for_balance(payout)
    elif payout.reason == BALANCE_LOW:
        span = ARRIVAL_SPANS[payout.method.kind]
        payout_steps.note(payout=payout, owner=Owner.PROVIDER, reason="sent", within=span)


def _is_ours(payout: Payout, answer: ProviderPayout) -> bool:
    agreed = (str(payout.uid), payout.amount_minor, payout.currency)
    return (answer.reference, answer.amount_minor, answer.currency) == agreed


@transaction.atomic
def _differs(uid: uuid.UUID) -> Payout:
    """Staff has to look: the timeline says so, and nothing moves."""
    payout = payout_steps.hold(uid=uid)
    if payout.status in (Status.PROCESSING, Status.PAID, Status.RETURNED):
        payout_steps.note(payout=payout, owner=Owner.PAIRLY, reason="provider_differs", within=SENDING_SPAN)
    return payout


@transaction.atomic
def settle(*, uid: uuid.UUID) -> Payout:
    """The money left for the creator. Repeating it changes nothing. Raises NotFound."""
    payout = payout_steps.hold(uid=uid)
    if payout.status != Status.PROCESSING:
        return payout
    now = timezone.now()
    payout_steps.book(payout=payout, step="settled", at=now)
    payout_steps.move(payout=payout, status=Status.PAID, completed_at=now)
    payout_steps.note(payout=payout, owner=Owner.BANK, reason="paid", within=ARRIVAL_SPANS[payout.method.kind])
    return payout


@transaction.atomic
def returned(*, uid: uuid.UUID, reason: str) -> Payout:
    """The money never left, or came back after it was paid: the credits are earned again, and can be asked for anew.
    Repeating it changes nothing. Raises NotFound."""
    payout = payout_steps.hold(uid=uid)
    if payout.status not in (Status.PROCESSING, Status.PAID):
        return payout
    now = timezone.now()
    payout_steps.book(payout=payout, step="bounced" if payout.status == Status.PAID else "returned", at=now)
    payout_steps.move(payout=payout, status=Status.RETURNED, completed_at=payout.completed_at or now)
    payout_steps.note(payout=payout, owner=Owner.YOU, reason=reason[:40])
    return payout


def sweep(*, at: datetime) -> int:
    """What no job did: payouts to send, sendings without an answer, ones to ask about; returns how many moved.

    One payout's trouble holds up no other.
    """
    n_moved = 0
    for uid in selectors.list_to_send(at=at):
        n_moved += _try(uid, is_sending=True)
    for uid in selectors.list_to_check(at=at):
        n_moved += _try(uid)
    return n_moved


def sweep_paid(*, at: datetime) -> int:
    """Ask about paid ones whose money may have come back unnoticed, or was not taken by the bank; returns how many
    moved."""
    uids = selectors.list_paid_to_check(at=at)
    n_moved = sum(_try(uid) for uid in uids)
    for kind, account_id in selectors.list_accounts_of(uids=uids):
        try:
            payout_arrivals.follow(kind=kind, account_id=account_id)
        except ProviderUnavailable:
            log.warning("payout_arrivals_not_swept", kind=kind)
    return n_moved


def _try(uid: uuid.UUID, *, is_sending: bool = False) -> bool:
    before = _find(uid).status
    try:
        after = send(uid=uid) if is_sending else check(uid=uid)
    except (NotFound, ProviderUnavailable):
        return False
    except Exception:  # a defect met by one payout must not keep the others waiting
        log.exception("payout_not_swept", payout=str(uid))
        return False
    return after.status != before
