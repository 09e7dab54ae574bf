"""Reads of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone
from django.utils.translation import gettext as _

from .constants import EARNED_KINDS, SPENDABLE_KINDS, UNIT
from .models import Account, Hold, Lot, Transfer
from .types import Balance, Earnings, HoldState, TransactionRow, WeekOfHolds


def get_balance(*, user_id: int) -> Balance:
    """What the user can spend now, what waits in escrow, what is owed."""
    accounts = dict(Account.objects.filter(owner=user_id, unit=UNIT).values_list("kind", "balance"))
    held = Hold.objects.filter(actor=user_id, state="open").aggregate(total=Sum(F("paid") + F("promo")))["total"]
    return Balance(
        balance_centi=sum(accounts.get(kind, 0) for kind in SPENDABLE_KINDS),
        promo_centi=accounts.get("fan:promo", 0),
        held_centi=held or 0,
        debt_centi=-accounts.get("fan:debt", 0),
    )


def get_earnings(*, user_id: int, at: datetime | None = None) -> Earnings:
    """What the creator has earned; maturing and promo earnings cannot be withdrawn."""
    accounts = dict(Account.objects.filter(owner=user_id, unit=UNIT).values_list("kind", "balance"))
    maturing = Hold.objects.filter(payee=user_id, state="posted", matures_at__gt=at or timezone.now())
    waiting = maturing.aggregate(total=Sum(F("paid") - F("fee_paid")))["total"] or 0
    held = Hold.objects.filter(payee=user_id, state="open").aggregate(total=Sum(F("paid") + F("promo")))["total"]
    earned = accounts.get("creator:earned", 0)
    return Earnings(
        earned_centi=earned,
        withdrawable_centi=max(0, earned - waiting),
        promo_earned_centi=accounts.get("creator:promo_earned", 0),
        held_centi=held or 0,
    )


def list_weeks_of_holds(*, user_id: int, is_payee: bool, n_weeks: int = 12) -> list[WeekOfHolds]:
    """The last `n_weeks` weeks up to this one, oldest first, empty weeks included: what `user_id` wrote for, or as
    the payee was written to for, by what became of it.
    """
    this_monday = timezone.now().date() - timedelta(days=timezone.now().weekday())
    starts = [this_monday - timedelta(weeks=back) for back in reversed(range(n_weeks))]
    mine = Hold.objects.filter(Q(payee=user_id) if is_payee else Q(actor=user_id))
    recent = mine.filter(created_at__gte=datetime.combine(starts[0], time.min, tzinfo=UTC))
    # Open and settled holds have indexes of their own: one question to each.
    found = _by_week(recent.filter(state="open")).union(_by_week(recent.exclude(state="open")), all=True)
    totals = {(row["week"].date(), row["state"]): row["total"] for row in found}
    return [
        WeekOfHolds(
            start=start,
            answered_centi=totals.get((start, "posted"), 0),
            open_centi=totals.get((start, "open"), 0),
            returned_centi=totals.get((start, "voided"), 0),
        )
        for start in starts
    ]


def _by_week(holds: QuerySet[Hold]) -> QuerySet[Hold, Any]:
    weeks = holds.annotate(week=TruncWeek("created_at", tzinfo=UTC)).values("week", "state")
    return weeks.annotate(total=Sum(F("paid") + F("promo")))


def _account_ids(user_id: int) -> list[int]:
    kinds = (*SPENDABLE_KINDS, *EARNED_KINDS)
    return list(Account.objects.filter(owner=user_id, kind__in=kinds).values_list("id", flat=True))


def list_transactions(*, user_id: int, before_id: int | None = None, limit: int = 30) -> list[TransactionRow]:
    """The newest transfers that touch the user's accounts, newest first, before `before_id` if given."""
    mine = _account_ids(user_id)
    rows: QuerySet[Transfer] = Transfer.objects.filter(Q(debit_id__in=mine) | Q(credit_id__in=mine))
    if before_id is not None:
        rows = rows.filter(id__lt=before_id)
    return [_transaction(row, set(mine)) for row in rows.order_by("-id")[:limit]]


def _transaction(row: Transfer, mine: set[int]) -> TransactionRow:
    is_debit = row.debit_id in mine
    return TransactionRow(
        id=row.id,
        transaction_type=row.code,
        amount_centi=-row.amount if is_debit else row.amount,
        balance_after_centi=row.debit_after if is_debit else row.credit_after,
        description=_descriptions().get(row.code, row.code),
        metadata={"op": str(row.op)},
        created_at=row.created_at,
    )


def _descriptions() -> dict[str, str]:
    return {
        "purchase": _("Credits bought"),
        "promo": _("Credits given by Pairly"),
        "hold": _("Message sent, held until the answer"),
        "void": _("No answer in time, credits returned"),
        "earn": _("Messages answered"),
        "fee": _("Platform fee"),
    }


def list_lots(*, user_id: int) -> QuerySet[Lot]:
    """The user's purchases, newest first."""
    return Lot.objects.filter(account__owner=user_id).order_by("-id")


def holds_by_position(*, scope: int, positions: Sequence[int]) -> dict[int, HoldState]:
    """Holds of a conversation by message number."""
    if not positions:
        return {}
    found = Hold.objects.filter(scope=scope, position__in=positions)
    return {
        h.position: HoldState(
            id=h.id, state=h.state, actor=h.actor, amount_centi=h.paid + h.promo, expires_at=h.expires_at
        )
        for h in found
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenHolds:
    """The open holds of one scope taken together: the earliest deadline and the whole amount."""

    expires_at: datetime
    amount_centi: int
    actor: int


def open_holds_by_scope(*, scopes: Sequence[int]) -> dict[int, OpenHolds]:
    """Open holds of several conversations in one query."""
    rows = (
        Hold.objects.filter(scope__in=scopes, state="open")
        .values("scope")
        .annotate(first=Min("expires_at"), total=Sum(F("paid") + F("promo")), fan=Max("actor"))
    )
    return {r["scope"]: OpenHolds(expires_at=r["first"], amount_centi=r["total"], actor=r["fan"]) for r in rows}


def list_accounts_behind(*, limit: int) -> list[int]:
    """Accounts whose lots do not yet know their latest transfers. For the lot job."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT a.id FROM credits_account a WHERE a.kind = 'fan:paid' AND EXISTS ("
            "SELECT 1 FROM credits_transfer t WHERE t.debit = a.id AND t.id > a.lots_to UNION ALL "
            "SELECT 1 FROM credits_transfer t WHERE t.credit = a.id AND t.id > a.lots_to) LIMIT %s::int",
            [limit],
        )
        return [row[0] for row in cursor.fetchall()]


def iterate_holds(*, user_id: int) -> Iterator[dict[str, Any]]:
    """Every hold that the user paid or is paid by, without the other person; for the copy of their data."""
    rows = Hold.objects.filter(Q(actor=user_id) | Q(payee=user_id)).order_by("id")
    for hold in rows.iterator(chunk_size=1000):
        yield {
            "is_mine": hold.actor == user_id,
            "message_number": hold.position,
            "amount_centi": hold.paid + hold.promo,
            "state": hold.state,
            "created_at": hold.created_at,
            "expires_at": hold.expires_at,
            "settled_at": hold.settled_at,
        }
