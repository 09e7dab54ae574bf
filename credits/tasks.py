from __future__ import annotations

import structlog
from celery import shared_task

from . import invariants
from .services import roll_up as rolling

log = structlog.get_logger(__name__)


@shared_task(name="credits.roll_up")
def roll_up() -> int:
    """Every 30 s: folds transfers into lazy accounts and spending into lots."""
    rolling.allocate_lots()
    return rolling.roll_up()


@shared_task(name="credits.check_ledger")
def check_ledger() -> int:
    """Every 10 min: checks the invariants; an alert in the log for each that does not hold."""
    bad = [finding for finding in invariants.check_all() if not finding.is_ok]
    for finding in bad:
        log.error("ledger_difference", invariant=finding.name, difference=finding.difference)
    return len(bad)
