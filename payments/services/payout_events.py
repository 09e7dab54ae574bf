"""Notices of providers about payouts and the accounts they go to: each only says where to ask."""

from __future__ import annotations

from typing import Any

import structlog

from .. import payout_selectors as selectors
from ..models import PayoutMethod, WebhookEvent
from . import payout_arrivals, payout_methods, payout_sending

log = structlog.get_logger(__name__)

Kind = PayoutMethod.Kind


def take(*, event: WebhookEvent) -> bool:
    """Whether a verified notice is about payouts; then it was worked on. Raises ProviderUnavailable: it stays undone.

    Stripe: transfers carry our id in their metadata, accounts are named by their notices, and the payouts of an account
    name it (`account`, a thin event's `context`). RazorpayX: payouts carry our id as their `reference_id`.
    """
    if event.provider == "stripe" and event.type.startswith("transfer."):
        entity = (event.payload.get("data") or {}).get("object") or {}
        _check(Kind.STRIPE, event, str((entity.get("metadata") or {}).get("payout_id") or ""))
    elif event.provider == "stripe" and event.type.startswith(("v2.core.account", "account.")):
        _refresh(event.object_id)
    elif event.provider == "stripe" and event.type.startswith(("payout.", "v1.payout.")):
        account_id = str(event.payload.get("account") or event.payload.get("context") or "")
        _refresh(account_id)
        payout_arrivals.follow(kind=Kind.STRIPE, account_id=account_id)
    elif event.provider == "razorpay" and event.type.startswith("payout."):
        box: dict[str, Any] = (event.payload.get("payload") or {}).get("payout") or {}
        _check(Kind.RAZORPAYX, event, str((box.get("entity") or {}).get("reference_id") or ""))
    else:
        return False
    return True


def _check(kind: str, event: WebhookEvent, reference: str) -> None:
    uid = selectors.find_payout_of_notice(kind=kind, provider_payout_id=event.object_id, reference=reference)
    if uid is None:
        log.info("payout_notice_of_nothing_ours", type=event.type, event_id=event.event_id)
        return
    payout_sending.check(uid=uid)


def _refresh(account_id: str) -> None:
    if account_id:
        for uid in selectors.list_methods_of_account(kind=Kind.STRIPE, account_id=account_id):
            payout_methods.refresh_method(uid=uid)
