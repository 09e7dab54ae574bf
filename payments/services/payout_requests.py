"""Asking for a payout, and taking it back while nobody has decided on it."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from credits.services import payouts as ledger
from pairly.common.problems import IdempotencyConflict, InvalidInput, NotFound
from security import limits
from security.services import audit
from users.errors import SecondFactorRequired
from users.models import User
from users.selectors import list_strong_methods
from users.services import entrance, security_mails, step_up
from users.types import SignIn

from .. import payout_selectors as selectors
from .. import registry
from ..constants import PAYOUT_RATES_MICRO, PAYOUT_REQUESTS_PER_MINUTE, REVIEW_SPAN
from ..errors import MethodLocked, MethodNotReady, PayoutNotOpen
from ..models import Payout, PayoutMethod
from . import fraud_reports, payout_risk, payout_steps
from .payout_steps import Owner, Status


def request_payout(
    *,
    user: User,
    method_uid: uuid.UUID,
    amount_centi: int,
    idempotency_key: uuid.UUID,
    sign_in: SignIn | None = None,
) -> Payout:
    """Set `amount_centi` (whole credits) of what has matured aside and have it looked at; returns the payout.

    Needs a second factor proven within STEP_UP_LIFE: of `sign_in`, unless the door has asked for it. The same key with
    the same content returns the same payout. The money is set aside in the transaction that writes the row; the rate
    of the day is kept on it. Raises, in this order: RateLimited, CreatorsOnly, VerificationRequired, PayoutHeld,
    SecondFactorRequired (there is none), StepUpRequired, IdempotencyConflict, NotFound (the method), MethodNotReady,
    MethodLocked, InvalidInput (`/amount_centi`: below_minimum, whole_credits), DebtOutstanding, InsufficientEarnings.
    """
    limits.require(name="payout-request", key=str(user.uid), limit=PAYOUT_REQUESTS_PER_MINUTE, window_s=60)
    selectors.require_payee(user=user)
    selectors.require_not_held(user=user)
    if not list_strong_methods(user=user):
        raise SecondFactorRequired
    if sign_in is not None:
        step_up.require(user=user, sign_in=sign_in)
    with transaction.atomic():
        # Requests of one creator take turns, with each other and with the removal of a method.
        held = entrance.hold(user=user)
        if held is None or not held.is_active:
            raise NotFound
        known = selectors.find_request(user=user, request_id=idempotency_key)
        if known is None:
            return _make(held, selectors.get_method(user=user, uid=method_uid), amount_centi, idempotency_key)
    if (known.method.uid, known.amount_centi) != (method_uid, amount_centi):
        raise IdempotencyConflict
    return known


def _make(user: User, method: PayoutMethod, amount_centi: int, request_id: uuid.UUID) -> Payout:
    _check_method(method)
    _check_amount(amount_centi)
    risk = payout_risk.assess(user=user, method=method, amount_centi=amount_centi)
    payout = Payout.objects.create(
        user=user,
        method=method,
        request_id=request_id,
        amount_centi=amount_centi,
        currency=method.currency,
        amount_minor=selectors.amount_minor(amount_centi=amount_centi, currency=method.currency),
        rate_micro=PAYOUT_RATES_MICRO[method.currency],
        needs_two=amount_centi + selectors.asked_lately_centi(user=user) > settings.PAYOUT_TWO_PEOPLE_CENTI
        or fraud_reports.needs_two(risk=risk),
        risk=risk,
        created_at=timezone.now(),
    )
    ledger.lock(
        user_id=user.pk,
        op_id=selectors.op_id(payout_uid=payout.uid, step="requested"),
        amount_centi=amount_centi,
        at=timezone.now(),
    )
    fraud_reports.note_payout(payout=payout)
    payout_steps.note(payout=payout, owner=Owner.PAIRLY, reason=payout_risk.reason_of(risk=risk), within=REVIEW_SPAN)
    registry.run_requested(uid=payout.uid, creator_uid=user.uid, is_high=bool(risk))
    amount = f"{payout.currency} {payout.amount_minor // 100:,}.{payout.amount_minor % 100:02d}"
    security_mails.write_also_to_old_address(user=user, notice="payout_requested", amount=amount, method=method.label)
    audit.record(
        action="payout.requested",
        actor_uid=user.uid,
        subject_uid=user.uid,
        details={"payout": str(payout.uid), "amount_centi": amount_centi},
    )
    return payout


def _check_method(method: PayoutMethod) -> None:
    if method.state != PayoutMethod.State.READY:
        raise MethodNotReady
    if method.usable_at > timezone.now():
        raise MethodLocked(usable_at=method.usable_at.isoformat())


def _check_amount(amount_centi: int) -> None:
    if amount_centi < settings.PAYOUT_MIN_CENTI:
        least = settings.PAYOUT_MIN_CENTI // 100
        raise _wrong_amount("below_minimum", _("Ask for %(n)s credits or more") % {"n": f"{least:,}"})
    if amount_centi % 100:
        raise _wrong_amount("whole_credits", _("Ask for whole credits"))


def _wrong_amount(code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": "/amount_centi", "code": code, "detail": detail}])


@transaction.atomic
def cancel_payout(*, user: User, uid: uuid.UUID) -> Payout:
    """Take a request back: the credits are earned again. Repeating it changes nothing. Raises NotFound, PayoutNotOpen
    (somebody has decided)."""
    selectors.get_payout(user=user, uid=uid)
    payout = payout_steps.hold(uid=uid)
    if payout.status == Status.REJECTED and payout.reason == "cancelled":
        return payout
    if payout.status != Status.REQUESTED:
        raise PayoutNotOpen(payout_status=payout.status)
    now = timezone.now()
    payout_steps.book(payout=payout, step="rejected", at=now)
    payout_steps.move(payout=payout, status=Status.REJECTED, completed_at=now)
    payout_steps.note(payout=payout, owner=Owner.NOBODY, reason="cancelled")
    registry.run_withdrawn(uid=payout.uid, outcome="cancelled")
    audit.record(
        action="payout.cancelled", actor_uid=user.uid, subject_uid=user.uid, details={"payout": str(payout.uid)}
    )
    return payout
