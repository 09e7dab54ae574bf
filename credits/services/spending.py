"""What was spent, told to scoring: read from the ledger a minute later, so that a paid message waits for nothing.

The rows of some minutes become one event for each two people. What was given back since is in it too: scoring asks what
was tried, the ledger knows what stayed.
"""

from __future__ import annotations

from django.db.models import Count, Max, Sum

from security.services import events
from security.types import Spending
from users.models import User

from ..models import Hold

SOURCE = "credits.holds"
AT_ONCE = 50_000  # holds in one run


def report() -> int:
    """Tell of the holds since the last run, once each; how many events they became. Call it less often than a
    transaction takes: each run reports up to what the run before saw (`events.report_from`)."""
    last = Hold.objects.aggregate(last=Max("pk"))["last"] or 0
    return events.report_from(source=SOURCE, last=last, read=_read, limit=AT_ONCE)


def _read(after: int, end: int) -> list[Spending]:
    rows = list(
        Hold.objects.filter(pk__gt=after, pk__lte=end)
        .values("actor", "payee")
        .annotate(all_paid=Sum("paid"), all_promo=Sum("promo"), n=Count("pk"), at=Max("created_at"))
        .order_by("actor", "payee")
    )
    people = User.objects.in_bulk({row[side] for row in rows for side in ("actor", "payee")})
    return [
        Spending(
            user_uid=people[row["actor"]].uid,
            joined_at=people[row["actor"]].created_at,
            payee_uid=people[row["payee"]].uid,
            amount_centi=row["all_paid"] + row["all_promo"],
            promo_centi=row["all_promo"],
            n=row["n"],
            at=row["at"],
        )
        for row in rows
        if row["actor"] in people and row["payee"] in people
    ]
