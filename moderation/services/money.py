"""What finance staff have done with the books."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from pairly.common.after_commit import enqueue
from payments.reconciliation_selectors import list_listed
from security.types import Client
from users.models import User
from users.types import SignIn

from . import trail


@transaction.atomic
def ask_for_check(*, staff: User, sign_in: SignIn, client: Client) -> None:
    """Have the ledger's invariants checked in full by the worker, and record who asked."""
    trail.note_deed(
        staff=staff, action="money.check_asked", severity=trail.Severity.INFO, sign_in=sign_in, client=client
    )
    enqueue(task="credits.check_ledger", is_full=True)


@transaction.atomic
def ask_for_comparison(*, day: date, staff: User, sign_in: SignIn, client: Client) -> None:
    """Have a day compared with the lists of all providers by the worker, and record who asked."""
    trail.note_deed(
        staff=staff,
        action="money.comparison_asked",
        severity=trail.Severity.INFO,
        details={"day": day.isoformat()},
        sign_in=sign_in,
        client=client,
    )
    for provider in list_listed():
        enqueue(task="payments.compare_day", provider=provider, day=day.isoformat())
