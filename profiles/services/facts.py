"""Response facts: how a creator answers paid messages, from escrow rows only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import sqrt

from django.db import connection, transaction
from django.utils import timezone

from ..constants import FACTS_MIN_PAID, FACTS_WINDOW
from ..models import Listing, ResponseFacts

_CHUNK = 2_000  # profiles a transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counted:
    """One creator's row of profiles_count_facts."""

    profile_id: int
    n_paid: int
    n_answered: int
    n_refunded: int
    median_reply_s: int | None


def count_facts() -> int:
    """Count everybody's facts anew over FACTS_WINDOW, a chunk of profiles a transaction; returns how many have any.

    Repeating it changes nothing; a run that is cut short leaves older facts, and the next one goes over all again.
    """
    n_known, start = 0, _next_listed(0)
    while start is not None:
        n_known += _count(start, start + _CHUNK)
        start = _next_listed(start + _CHUNK)
    return n_known


def likely_permille(*, n_paid: int, n_answered: int) -> int:
    """How likely an answer is at least, in thousandths; 0 where too little is known to say.

    The lower end of the 95 % interval (E. B. Wilson, JASA 22, 1927): ten of ten say less than 990 of 1,000.
    """
    if n_paid < FACTS_MIN_PAID:
        return 0
    z = 1.96
    share = n_answered / n_paid
    middle = share + z * z / (2 * n_paid)
    spread = z * sqrt(share * (1 - share) / n_paid + z * z / (4 * n_paid * n_paid))
    return max(0, round(1000 * (middle - spread) / (1 + z * z / n_paid)))


def _next_listed(start: int) -> int | None:
    """The first listing from there on: ids have gaps, and nobody is counted in them."""
    rows = Listing.objects.filter(profile_id__gte=start).order_by("profile_id")
    return rows.values_list("profile_id", flat=True).first()


@transaction.atomic
def _count(start: int, end: int) -> int:
    now = timezone.now()
    counted = _ask(start, end, now - FACTS_WINDOW)
    within = {"profile_id__gte": start, "profile_id__lt": end}
    ResponseFacts.objects.filter(**within).exclude(profile_id__in=[one.profile_id for one in counted]).delete()
    ResponseFacts.objects.bulk_create(
        [
            ResponseFacts(
                profile_id=one.profile_id,
                n_paid=one.n_paid,
                n_answered=one.n_answered,
                n_refunded=one.n_refunded,
                median_reply_s=one.median_reply_s,
                counted_at=now,
            )
            for one in counted
        ],
        update_conflicts=True,
        unique_fields=["profile"],
        update_fields=["n_paid", "n_answered", "n_refunded", "median_reply_s", "counted_at"],
    )
    _list(start, end, counted)
    return len(counted)


def _ask(start: int, end: int, since: datetime) -> list[_Counted]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT profile_id, n_paid, n_answered, n_refunded, median_reply_s "
            "FROM profiles_count_facts(%s::bigint, %s::bigint, %s::timestamptz)",
            [start, end, since],
        )
        return [
            _Counted(profile_id=row[0], n_paid=row[1], n_answered=row[2], n_refunded=row[3], median_reply_s=row[4])
            for row in cursor.fetchall()
        ]


def _list(start: int, end: int, counted: list[_Counted]) -> None:
    """Move the listings whose likelihood changed, and no other: each row written is an entry in every index."""
    new = {one.profile_id: likely_permille(n_paid=one.n_paid, n_answered=one.n_answered) for one in counted}
    within = Listing.objects.filter(profile_id__gte=start, profile_id__lt=end)
    known = within.filter(answered_permille__gt=0) | within.filter(profile_id__in=new)
    for profile_id, old in known.values_list("profile_id", "answered_permille"):
        if (likely := new.get(profile_id, 0)) != old:
            Listing.objects.filter(pk=profile_id).update(answered_permille=likely)
