from __future__ import annotations

import structlog
from celery import shared_task
from django.utils import timezone

from . import checks
from .services import caps, money_back, spending
from .services import roll_up as rolling

log = structlog.get_logger(__name__)


@shared_task(name="credits.roll_up")
def roll_up() -> int:
    """Every 30 s: folds transfers into lazy accounts and spending into lots, and what came back into debts."""
    money_back.repay_debts(at=timezone.now())
    rolling.allocate_lots()
    return rolling.roll_up()


@shared_task(name="credits.check_ledger")
def check_ledger(*, is_full: bool = False) -> int:
    """Every 10 min what is new, every night and when staff ask everything: checks the invariants and keeps what was
    found; an alert in the log for each that does not hold."""
    bad = [finding for finding in checks.run(is_full=is_full).findings if not finding.is_ok]
    for finding in bad:
        log.error("ledger_difference", invariant=finding.name, difference=finding.difference)
    return len(bad)


@shared_task(name="credits.fund_reserve")
def fund_reserve() -> int:
    """Every hour: the reserve's share of the fees."""
    return money_back.fund_reserve(at=timezone.now())


@shared_task(name="credits.refresh_caps")
def refresh_caps() -> int:
    """Every minute: spending caps whose raise has waited long enough, and cool-offs that are over."""
    return caps.refresh_due(at=timezone.now())


@shared_task(name="credits.report_spending")
def report_spending() -> int:
    """Every minute: tells scoring who spent on whom; how many events that were."""
    return spending.report()
