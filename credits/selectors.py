"""Reads of the ledger."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, F, Max, Min, Q, QuerySet, Sum
from django.db.models.functions import TruncWeek
from django.utils import timezone

from .constants import BETWEEN_STATES, ESCROW_STATES, SPENDABLE_KINDS, UNIT
from .models import Account, Hold, Lot
from .types import AnswerRecord, Balance, Earnings, HoldState, WeekOfHolds


def get_balance(*, user_id: int) -> Balance:
    """What the user can spend now, what waits in escrow, what is owed."""
    accounts = dict(Account.objects.filter(owner=user_id, unit=UNIT).values_list("kind", "balance"))
    held = _held(Hold.objects.filter(actor=user_id))
    return Balance(
        balance_centi=sum(accounts.get(kind, 0) for kind in SPENDABLE_KINDS),
        promo_centi=accounts.get("fan:promo", 0),
        held_centi=held,
        debt_centi=-accounts.get("fan:debt", 0),
    )


def list_balances(*, user_ids: Iterable[int]) -> dict[int, int]:
    """What each of these users can spend now, in centi-credits; who has no account has 0. One query for all."""
    wanted = set(user_ids)
    accounts = Account.objects.filter(owner__in=wanted, unit=UNIT, kind__in=SPENDABLE_KINDS)
    sums = dict(accounts.order_by().values_list("owner").annotate(total=Sum("balance")))
    return {user_id: int(sums.get(user_id, 0)) for user_id in wanted}


def get_earnings(*, user_id: int, at: datetime | None = None) -> Earnings:
    """What the creator has earned; maturing and promo earnings cannot be withdrawn."""
    accounts = dict(Account.objects.filter(owner=user_id, unit=UNIT).values_list("kind", "balance"))
    maturing = Hold.objects.filter(payee=user_id, state="posted", matures_at__gt=at or timezone.now())
    waiting = maturing.aggregate(total=Sum(F("paid") - F("fee_paid")))["total"] or 0
    held = _held(Hold.objects.filter(payee=user_id))
    earned = accounts.get("creator:earned", 0)
    return Earnings(
        earned_centi=earned,
        withdrawable_centi=max(0, earned - waiting),
        promo_earned_centi=accounts.get("creator:promo_earned", 0),
        held_centi=held,
    )


def _held(holds: QuerySet[Hold]) -> int:
    """What of these lies in escrow. Open ones and those in between have indexes of their own: one question to each."""
    total = Sum(F("paid") + F("promo"))
    found = [holds.filter(state="open"), holds.filter(state__in=BETWEEN_STATES)]
    sums = (
        found[0].values("state").annotate(total=total).union(found[1].values("state").annotate(total=total), all=True)
    )
    return sum(row["total"] for row in sums)


def list_weeks_of_holds(*, user_id: int, is_payee: bool, n_weeks: int = 12) -> list[WeekOfHolds]:
    """The last `n_weeks` weeks up to this one, oldest first, empty weeks included: what `user_id` wrote for, or as
    the payee was written to for, by what became of it. What a shop sold is no message and does not count.
    """
    this_monday = timezone.now().date() - timedelta(days=timezone.now().weekday())
    starts = [this_monday - timedelta(weeks=back) for back in reversed(range(n_weeks))]
    mine = Hold.objects.filter(Q(payee=user_id) if is_payee else Q(actor=user_id), scope__gt=0)
    recent = mine.filter(created_at__gte=datetime.combine(starts[0], time.min, tzinfo=UTC))
    # Open and settled holds have indexes of their own: one question to each.
    found = _by_week(recent.filter(state="open")).union(_by_week(recent.exclude(state="open")), all=True)
    totals = {(row["week"].date(), row["state"]): row["total"] for row in found}
    return [
        WeekOfHolds(
            start=start,
            answered_centi=totals.get((start, "posted"), 0),
            open_centi=sum(totals.get((start, state), 0) for state in ESCROW_STATES),
            returned_centi=totals.get((start, "voided"), 0),
        )
        for start in starts
    ]


def _by_week(holds: QuerySet[Hold]) -> QuerySet[Hold, Any]:
    weeks = holds.annotate(week=TruncWeek("created_at", tzinfo=UTC)).values("week", "state")
    return weeks.annotate(total=Sum(F("paid") + F("promo")))


def list_lots(*, user_id: int) -> QuerySet[Lot]:
    """The user's purchases, newest first."""
    return Lot.objects.filter(account__owner=user_id).order_by("-id")


def holds_by_position(*, scope: int, positions: Sequence[int]) -> dict[int, HoldState]:
    """Holds of a conversation by message number."""
    if not positions:
        return {}
    return {h.position: _hold_state(h) for h in Hold.objects.filter(scope=scope, position__in=positions)}


def _hold_state(h: Hold) -> HoldState:
    is_posted = h.state == "posted"
    return HoldState(
        id=h.id,
        state=h.state,
        actor=h.actor,
        payee=h.payee,
        amount_centi=h.paid + h.promo,
        created_at=h.created_at,
        expires_at=h.expires_at,
        answer_op=h.answered_op or (h.settled_op if is_posted else None),
        answered_at=h.answered_at or (h.settled_at if is_posted else None),
        held_until=h.held_until,
        matures_at=h.matures_at,
        dispute_op=h.dispute_op,
        reason=h.reason,
    )


def list_answered_positions(*, scope: int, answer_op: uuid.UUID) -> list[int]:
    """The messages of a conversation whose holds wait to be paid for this reply."""
    found = Hold.objects.filter(scope=scope, state="answered", answered_op=answer_op)
    return list(found.order_by("position").values_list("position", flat=True))


def holds_of_dispute(*, dispute_op: uuid.UUID) -> dict[int, HoldState]:
    """The holds that a dispute froze, by message number, as they are now."""
    return {h.position: _hold_state(h) for h in Hold.objects.filter(dispute_op=dispute_op).order_by("position")}


def get_answer_record(*, payee_id: int, n_replies: int) -> AnswerRecord:
    """How the last `n_replies` paid replies of a payee were found, and until when they are paid late, if they are."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT r.n_replies, r.n_upheld, (SELECT d.until FROM credits_delayed_payee d WHERE d.payee = %s::bigint "
            "AND d.until > now()) FROM credits_answer_record(%s::bigint, %s::int) r",
            [payee_id, payee_id, n_replies],
        )
        found, upheld, until = cursor.fetchone()
    return AnswerRecord(n_replies=found, n_upheld=upheld, delayed_until=until)


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


DUE_COUNTED = 1_000


def count_due(*, user_id: int) -> tuple[int, int]:
    """(open holds for this payee, hundredths of a credit in them), of DUE_COUNTED at most."""
    found = Hold.objects.filter(payee=user_id, state="open").values("paid", "promo")[:DUE_COUNTED]
    row = found.aggregate(n=Count("*"), centi=Sum(F("paid") + F("promo")))
    return row["n"], row["centi"] or 0


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


def list_debtors_with_credits(*, limit: int) -> list[int]:
    """People who owe credits and have some."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT d.owner FROM credits_money_back b JOIN credits_lot l ON l.id = b.lot "
            "JOIN credits_account p ON p.id = l.account JOIN credits_account d ON d.owner = p.owner "
            "WHERE b.debt > 0 AND d.kind = 'fan:debt' AND d.balance < 0 AND p.balance > 0 LIMIT %s::int",
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
            "answered_at": hold.answered_at,
            "reason": hold.reason,
        }
