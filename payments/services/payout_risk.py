"""What speaks for looking closely at a payout, as it is known when it is asked for.

Every payout is looked at by a person; this says where to look. What could not be found out counts as raised.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from credits.payer_selectors import list_payers
from users.models import User

from .. import payout_selectors as selectors
from ..constants import RISK_LARGE_TIMES, RISK_METHOD_DAYS, RISK_PAYER_DAYS, RISK_PAYER_SHARE_BASIS_POINTS
from ..models import PayoutMethod
from . import fraud_reports

log = structlog.get_logger(__name__)


def assess(*, user: User, method: PayoutMethod, amount_centi: int) -> dict[str, Any]:
    """The facts that raise the risk, by their code; {} speaks for nothing special. `unknown` lists what could not be
    found out. Kept in `Payout.risk`, shown to staff alone."""
    facts: dict[str, Callable[[], Any]] = {
        "first_payout": lambda: not selectors.has_been_paid(user=user),
        "linked_accounts": lambda: selectors.count_others_with(method=method),
        "new_method": lambda: method.created_at > timezone.now() - timedelta(days=RISK_METHOD_DAYS),
        "large_amount": lambda: _is_large(user, amount_centi),
        "few_payers": lambda: _share_of_one_payer(user),
        "fraud": lambda: fraud_reports.judge_payout(user=user, amount_centi=amount_centi),
    }
    found: dict[str, Any] = {}
    unknown = []
    for code, ask in facts.items():
        try:
            with transaction.atomic():
                value = ask()
        except DatabaseError as error:
            log.warning("payout_risk_unknown", fact=code, error=type(error).__name__)
            unknown.append(code)
            continue
        if value:
            found[code] = value
    return found | ({"unknown": unknown} if unknown else {})


def reason_of(*, risk: dict[str, Any]) -> str:
    """What its creator is told of it: "review" where nothing speaks for looking closely, "first" where all that does is
    that they were never paid before, or not to this account; "risk" else, also for what is unknown."""
    if not risk:
        return "review"
    return "first" if set(risk) <= {"first_payout", "new_method"} else "risk"


def _is_large(user: User, amount_centi: int) -> bool:
    largest = selectors.largest_paid_centi(user=user)
    return largest > 0 and amount_centi > RISK_LARGE_TIMES * largest


def _share_of_one_payer(user: User) -> int:
    """In ten thousandths, where one person brought most of it; 0 otherwise. Credits that go in a circle look so."""
    since = timezone.now() - timedelta(days=RISK_PAYER_DAYS)
    payers = list_payers(user_id=user.pk, since=since, limit=1)
    share = payers.top[0].share_basis_points if payers.top else 0
    return share if share >= RISK_PAYER_SHARE_BASIS_POINTS else 0
