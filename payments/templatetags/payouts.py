from __future__ import annotations

from django import template
from django.utils import timezone

from .. import payout_words
from ..constants import PAYOUT_RATES_MICRO
from ..models import Payout, PayoutMethod

register = template.Library()

_ICONS = {
    "requested": "eye",
    "approved": "check",
    "processing": "send",
    "paid": "checks",
    "rejected": "block",
    "returned": "return",
}
_GOOD, _BAD = {"paid"}, {"rejected", "returned"}


@register.filter
def status_icon(status: str) -> str:
    """The drawing that stands for a payout's state."""
    return _ICONS.get(status, "clock")


@register.filter
def status_look(status: str) -> str:
    """The class of that drawing at the beginning of a line."""
    return "line-icon-good" if status in _GOOD else "" if status in _BAD else "line-icon-held"


@register.filter
def status_badge(status: str) -> str:
    """The class of the badge that names it."""
    return "badge-good" if status in _GOOD else "badge-danger" if status in _BAD else "badge-held"


@register.filter
def reason(code: str) -> str:
    """Why a payout is where it is, in words."""
    return payout_words.reason_words(code=code)


@register.filter
def is_rested(method: PayoutMethod) -> bool:
    """Whether a new account has waited its days."""
    return method.usable_at <= timezone.now()


@register.filter
def is_usable(method: PayoutMethod) -> bool:
    """Whether a payout can go there now."""
    return method.state == PayoutMethod.State.READY and is_rested(method)


@register.filter
def worth_of_100(row: Payout | PayoutMethod) -> str:
    """What a hundred credits are worth: as agreed for a payout, as of today for an account."""
    rate = row.rate_micro if isinstance(row, Payout) else PAYOUT_RATES_MICRO.get(row.currency, 0)
    return payout_words.worth_of_100(rate_micro=rate, currency=row.currency)


@register.filter
def risk_sentences(payout: Payout) -> list[str]:
    """What speaks for looking closely at it, for staff."""
    return payout_words.risk_words(risk=payout.risk)


@register.filter
def bank_reference(payout: Payout) -> str:
    """What the provider, or the bank of a transfer by hand, calls it; "" before there is such a name."""
    return (payout.provider_payout_id or "").removeprefix("manual:")
