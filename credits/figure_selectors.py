"""Figures over everybody's movements, for the platform's own statistics. Nobody in particular is in them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import connection

from .constants import UNIT

# The fee account's movements from the first one of the time on, by the index; what was given back counts below zero.
_KEPT = """
SELECT COALESCE(sum(CASE WHEN t.credit = a.id THEN t.amount ELSE -t.amount END), 0)::bigint
  FROM credits_account a
  JOIN credits_transfer t ON a.id IN (t.debit, t.credit) AND t.debit <> t.credit
 WHERE a.kind = 'fee' AND a.unit = %s AND t.id >= credits_first_line(ARRAY[a.id], %s)
   AND t.created_at >= %s AND t.created_at < %s
"""
# As `credits_settled`, over everybody and by the time of the answer.
_ANSWERS = """
SELECT count(*), percentile_disc(0.5) WITHIN GROUP (
           ORDER BY extract(epoch FROM COALESCE(h.answered_at, h.settled_at) - h.created_at)::bigint)
  FROM credits_hold h
 WHERE COALESCE(h.answered_at, h.settled_at) >= %s AND COALESCE(h.answered_at, h.settled_at) < %s
   AND (h.state IN ('posted', 'answered') OR h.answered_at IS NOT NULL AND h.reason = 'given_back')
   AND h.paid > 0 AND h.scope > 0 AND h.reason IS DISTINCT FROM 'money_back'
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """Paid messages that were answered in a time, and the median time to the answer; None without one."""

    n: int
    median_s: int | None


def get_kept_centi(*, since: datetime, until: datetime) -> int:
    """What the platform kept of the movements dated from `since` to before `until`, in hundredths of a credit: fees,
    less those given back. One query, along the movements of the fee account from `since` on."""
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [UNIT, since, since, until])
        (kept,) = cursor.fetchone()
    return int(kept)


def get_answers(*, since: datetime, until: datetime) -> Answers:
    """The answers from `since` to before `until`. One query that reads every hold: for the night."""
    with connection.cursor() as cursor:
        cursor.execute(_ANSWERS, [since, until])
        n, median = cursor.fetchone()
    return Answers(n=int(n), median_s=None if median is None else int(median))
