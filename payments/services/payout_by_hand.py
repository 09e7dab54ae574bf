"""Transfers that a person of Pairly made at the bank: said here, with the bank's reference."""

from __future__ import annotations

import re
import uuid

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from pairly.common.problems import InvalidInput
from security.services import audit
from users.models import User

from .. import payout_selectors as selectors
from ..constants import RETURN_REASONS
from ..errors import MethodNotReady, PayoutHeld, PayoutNotOpen
from ..models import Payout, PayoutMethod
from . import payout_sending, payout_steps
from .payout_reviews import require_reviewer
from .payout_steps import Status

_REFERENCE = re.compile(r"[A-Za-z0-9 ./\-]{4,60}")


@transaction.atomic
def mark_sent(*, staff: User, uid: uuid.UUID, reference: str) -> Payout:
    """The transfer left our bank under `reference`, which no other payout has. Repeating it with the same reference
    changes nothing.

    Raises NotFound (also without the permission), OwnPayout, InvalidInput (`/reference`), PayoutNotOpen, PayoutHeld
    (a restriction, or no verified document any more), MethodNotReady (not a manual one).
    """
    reference = " ".join(reference.split())
    if not _REFERENCE.fullmatch(reference):
        raise _wrong("reference", "invalid", _("Type the bank's reference of the transfer"))
    payout = _hold(staff, uid)
    named = f"manual:{reference}"
    if payout.status == Status.PAID and payout.provider_payout_id == named:
        return payout
    if payout.status != Status.APPROVED:
        raise PayoutNotOpen(payout_status=payout.status)
    if payout_sending.find_obstacle(payout=payout, at=timezone.now()):
        raise PayoutHeld
    if selectors.is_reference_used(provider_payout_id=named):
        raise _wrong("reference", "taken", _("Another payout has this reference; compare it with the bank's"))
    payout_sending.leave(payout=payout, at=timezone.now())
    payout.provider_payout_id = named
    payout.save(update_fields=["provider_payout_id"])
    _record(payout, staff, "payout.sent_by_hand")
    return payout_sending.settle(uid=uid)


@transaction.atomic
def mark_returned(*, staff: User, uid: uuid.UUID, reason: str) -> Payout:
    """The bank sent the money of a transfer by hand back; `reason` is one of RETURN_REASONS.

    Repeating it changes nothing. Raises NotFound, OwnPayout, InvalidInput (`/reason`), PayoutNotOpen, MethodNotReady.
    """
    if reason not in RETURN_REASONS:
        raise _wrong("reason", "unknown", _("Choose a reason; its creator reads it"))
    payout = _hold(staff, uid)
    if payout.status == Status.RETURNED:
        return payout
    if payout.status != Status.PAID:
        raise PayoutNotOpen(payout_status=payout.status)
    _record(payout, staff, "payout.returned_by_hand")
    return payout_sending.returned(uid=uid, reason=reason)


def _hold(staff: User, uid: uuid.UUID) -> Payout:
    payout = payout_steps.hold(uid=uid)
    require_reviewer(staff=staff, payout=payout)
    if payout.method.kind != PayoutMethod.Kind.MANUAL:
        raise MethodNotReady
    return payout


def _wrong(name: str, code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[{"pointer": f"/{name}", "code": code, "detail": detail}])


def _record(payout: Payout, staff: User, action: str) -> None:
    audit.record(
        action=action,
        actor_uid=staff.uid,
        subject_uid=payout.user.uid,
        by_staff=True,
        severity=audit.Severity.NOTICE,
        details={"payout": str(payout.uid)},
    )
