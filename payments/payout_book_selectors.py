"""The payouts' side of I4: what the rows say happened is in the ledger, once, with the same numbers."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet

from credits.invariants import Since

from .models import Payout, PayoutStep
from .payout_selectors import op_id, step_name

_BATCH = 1_000
# Which of its amounts an operation moves: credits, money, or both.
_MOVES = {
    "payout": (True, False),
    "payout_rejected": (True, False),
    "payout_sent": (True, True),
    "payout_unsent": (True, True),
    "payout_settled": (False, True),
    "payout_returned": (True, True),
    "payout_bounced": (True, True),
}
_KINDS = tuple(_MOVES)

Found = dict[tuple[int, uuid.UUID], tuple[str, dict[str, int]]]


class Expected(NamedTuple):
    """An operation that a payout's row stands for."""

    actor: int
    op: uuid.UUID
    kind: str
    amounts: dict[str, int]
    payout: uuid.UUID


def list_unbooked_payouts(since: Since | None = None) -> list[tuple[Any, ...]]:
    """Differences between payouts and the ledger, none when all is well: an operation that is missing or of other
    numbers, as (payout, kind, expected, found), and operations that no payout stands for: how many, or which where
    only what changed `since` is read."""
    differences: list[tuple[Any, ...]] = []
    n_expected = 0
    named: set[uuid.UUID] = set()
    for batch in _batches(_payouts(since)):
        expected = [one for payout in batch for one in _expect(payout)]
        n_expected += len(expected)
        if since is not None:
            named.update(one.op for one in expected)
        found = _find([one.op for one in expected])
        for one in expected:
            booked = found.get((one.actor, one.op))
            if booked != (one.kind, one.amounts):
                differences.append((one.payout, one.kind, one.amounts, booked))
    if since is not None:
        unnamed = [op for op in _list_new(since) if op not in named]
        return [*differences, *(("payouts", "operation without a payout", op) for op in unnamed)]
    n_found = _count()
    if n_found != n_expected and not differences:
        differences.append(("payouts", "operations without a payout", n_expected, n_found))
    return differences


def _payouts(since: Since | None) -> QuerySet[Payout]:
    """All, or those with a line in their timeline since then: each step that is booked writes one."""
    paid = PayoutStep.objects.filter(payout=OuterRef("pk"), status=Payout.Status.PAID)
    payouts = Payout.objects.annotate(was_paid=Exists(paid)).order_by("id")
    if since is None:
        return payouts
    moved = PayoutStep.objects.filter(at__gte=since.at).values("payout_id")
    sent = Payout.objects.filter(sent_at__gte=since.at).values("pk")
    return payouts.filter(pk__in=moved.union(sent))


def _batches(payouts: QuerySet[Payout]) -> Iterator[list[Payout]]:
    """By the key, not by an offset, and never all at once."""
    last = 0
    while rows := list(payouts.filter(id__gt=last)[:_BATCH]):
        yield rows
        last = rows[-1].pk


def _expect(payout: Payout) -> Iterator[Expected]:
    was_paid: bool = getattr(payout, "was_paid")  # noqa: B009 - of the query, unknown to the model
    steps = ["requested"]
    if payout.status == Payout.Status.REJECTED:
        steps.append("rejected")
    for n in range(payout.n_unsent):
        steps += [step_name(step=step, n_unsent=n) for step in ("sent", "unsent")]
    if payout.sent_at is not None:
        steps.append(step_name(step="sent", n_unsent=payout.n_unsent))
    if was_paid:
        steps.append("settled")
    if payout.status == Payout.Status.RETURNED:
        steps.append("bounced" if was_paid else "returned")
    for step in steps:
        kind = "payout" if step == "requested" else f"payout_{step.partition(':')[0]}"
        moves_credits, moves_money = _MOVES[kind]
        amounts = ({"CRD": payout.amount_centi} if moves_credits else {}) | (
            {payout.currency: payout.amount_minor} if moves_money else {}
        )
        yield Expected(payout.user_id, op_id(payout_uid=payout.uid, step=step), kind, amounts, payout.uid)


def _find(ops: Iterable[uuid.UUID]) -> Found:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT o.actor, o.id, o.kind, a.unit, sum(t.amount)::bigint FROM credits_op o "
            "JOIN credits_transfer t ON t.op = o.id JOIN credits_account a ON a.id = t.debit "
            "WHERE o.id = ANY(%s::uuid[]) GROUP BY o.actor, o.id, o.kind, a.unit",
            [list(ops)],
        )
        found: Found = {}
        for actor, op, kind, unit, amount in cursor.fetchall():
            found.setdefault((actor, op), (kind, {}))[1][unit] = amount
        return found


def _list_new(since: Since) -> list[uuid.UUID]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM credits_op WHERE xid >= %s::xid8 AND kind = ANY(%s::text[])", [str(since.xid), list(_KINDS)]
        )
        return [row[0] for row in cursor.fetchall()]


def _count() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM credits_op WHERE kind = ANY(%s::text[])", [list(_KINDS)])
        return int(cursor.fetchone()[0])
