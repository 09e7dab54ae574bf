"""The features that the fraud rules may name, from reported events alone. Numbers and flags; nothing names anybody.

Amounts are in hundredths of a credit, shares from 0 to 1. None is "not known".
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from .constants import CLUSTER_MAX, EVENTS_KEPT, IP_CROWD, IP_LINK_TIME
from .travel import is_impossible

DAY, MONTH = timedelta(days=1), timedelta(days=30)
# What a door adds of its own: never guessed here.
GIVEN = frozenset({"amount_centi", "debt_centi"})
OWN = frozenset({
    "account_age_hours", "n_checkouts_1h", "n_checkouts_24h", "n_declined_1h", "n_declined_24h", "n_cards_24h",
    "n_unlocks_1h", "bought_24h_centi", "usual_day_centi", "bought_24h_times_usual", "n_disputes", "paid_spent_centi",
    "promo_spent_centi", "promo_share", "is_disposable_mail", "is_hosting", "is_impossible_travel",
    "is_card_of_other_country", "is_new_device_24h",
})  # fmt: skip
SHARED = frozenset({"n_users_on_device", "n_users_on_ip", "n_users_on_card", "n_users_on_bank"})
EARNED = frozenset({
    "earned_centi", "promo_earned_share", "n_payers", "top_payer_share", "top_payer_items", "n_payers_disputed",
    "linked_device_share", "linked_card_share", "linked_bank_share", "linked_ip_share", "hours_since_first_earning",
})  # fmt: skip
CLUSTER = frozenset({
    "cluster_size", "cluster_declined_24h", "cluster_cards_24h", "cluster_disputes", "cluster_spent_centi",
    "cluster_promo_share", "cluster_promo_users", "cluster_top_payee_share",
})  # fmt: skip
NAMES = GIVEN | OWN | SHARED | EARNED | CLUSTER

_OWN = """
SELECT min(joined_at),
    count(*) FILTER (WHERE kind = 'checkout' AND created_at > %(hour)s),
    count(*) FILTER (WHERE kind = 'checkout' AND created_at > %(day)s),
    count(*) FILTER (WHERE kind = 'card_declined' AND created_at > %(hour)s),
    count(*) FILTER (WHERE kind = 'card_declined' AND created_at > %(day)s),
    count(DISTINCT card_key) FILTER (WHERE created_at > %(day)s),
    count(*) FILTER (WHERE kind = 'unlock' AND created_at > %(hour)s),
    coalesce(sum(amount_centi) FILTER (WHERE kind = 'purchase' AND created_at > %(day)s), 0)::bigint,
    coalesce(sum(amount_centi) FILTER (WHERE kind = 'purchase' AND created_at <= %(day)s), 0)::bigint,
    count(DISTINCT created_at::date) FILTER (WHERE kind = 'purchase' AND created_at <= %(day)s),
    count(*) FILTER (WHERE kind = 'dispute'),
    coalesce(sum(amount_centi - promo_centi) FILTER (WHERE kind = 'spend'), 0)::bigint,
    coalesce(sum(promo_centi) FILTER (WHERE kind = 'spend'), 0)::bigint,
    bool_or((facts->>'disposable_mail')::bool) FILTER (WHERE kind = 'sign_up'),
    bool_or(true) FILTER (WHERE kind = 'device' AND created_at > %(day)s)
FROM security_securityevent WHERE user_uid = %(user)s AND created_at > %(kept)s AND created_at <= %(at)s
"""
_PLACES = """
SELECT created_at, kind, country, is_hosting, card_country FROM security_securityevent
WHERE user_uid = %(user)s AND created_at > %(month)s AND created_at <= %(at)s AND (country <> '' OR card_country <> '')
ORDER BY created_at DESC LIMIT 40
"""
# For each key of these accounts: who else has it, by its newest events. The limits keep the key of a crowd as cheap as
# any; a hundred accounts are enough to know it for one.
_NEIGHBOURS = """
WITH mine AS (
    SELECT DISTINCT k.by, k.key, e.user_uid FROM security_securityevent e
    CROSS JOIN LATERAL (VALUES ('device', e.device_key), ('ip', e.ip_key), ('card', e.card_key), ('bank', e.bank_key))
        AS k(by, key)
    WHERE e.user_uid = ANY(%(users)s) AND k.key IS NOT NULL AND e.created_at <= %(at)s
      AND e.created_at > CASE k.by WHEN 'ip' THEN %(ip_since)s ELSE %(kept)s END
)
SELECT m.by, m.key, m.user_uid, o.user_uid FROM mine m CROSS JOIN LATERAL (
    SELECT DISTINCT newest.user_uid FROM (
        (SELECT e.user_uid FROM security_securityevent e
          WHERE m.by = 'device' AND e.device_key = m.key AND e.created_at > %(kept)s AND e.created_at <= %(at)s
          ORDER BY e.created_at DESC LIMIT 1000)
        UNION ALL
        (SELECT e.user_uid FROM security_securityevent e
          WHERE m.by = 'ip' AND e.ip_key = m.key AND e.created_at > %(ip_since)s AND e.created_at <= %(at)s
          ORDER BY e.created_at DESC LIMIT 1000)
        UNION ALL
        (SELECT e.user_uid FROM security_securityevent e
          WHERE m.by = 'card' AND e.card_key = m.key AND e.created_at > %(kept)s AND e.created_at <= %(at)s
          ORDER BY e.created_at DESC LIMIT 1000)
        UNION ALL
        (SELECT e.user_uid FROM security_securityevent e
          WHERE m.by = 'bank' AND e.bank_key = m.key AND e.created_at > %(kept)s AND e.created_at <= %(at)s
          ORDER BY e.created_at DESC LIMIT 1000)
    ) newest LIMIT 100
) o WHERE o.user_uid <> m.user_uid
"""
_EARNED = """
SELECT user_uid, sum(amount_centi)::bigint, sum(promo_centi)::bigint, sum(n)::bigint, min(created_at)
FROM security_securityevent
WHERE counterpart_uid = %(user)s AND kind = 'spend' AND created_at > %(kept)s AND created_at <= %(at)s
GROUP BY user_uid ORDER BY 2 DESC LIMIT 500
"""
_DISPUTED = """
SELECT count(DISTINCT user_uid) FROM security_securityevent
WHERE kind = 'dispute' AND user_uid = ANY(%(users)s) AND created_at > %(kept)s AND created_at <= %(at)s
"""
_CLUSTER = """
SELECT count(*) FILTER (WHERE kind = 'card_declined' AND created_at > %(day)s),
    count(DISTINCT card_key) FILTER (WHERE created_at > %(day)s),
    count(*) FILTER (WHERE kind = 'dispute'),
    coalesce(sum(amount_centi) FILTER (WHERE kind = 'spend'), 0)::bigint,
    coalesce(sum(promo_centi) FILTER (WHERE kind = 'spend'), 0)::bigint,
    count(DISTINCT user_uid) FILTER (WHERE kind = 'spend' AND promo_centi > 0)
FROM security_securityevent WHERE user_uid = ANY(%(users)s) AND created_at > %(kept)s AND created_at <= %(at)s
"""
_TOP_PAYEE = """
SELECT max(total) FROM (
    SELECT sum(amount_centi)::bigint AS total FROM security_securityevent
    WHERE user_uid = ANY(%(users)s) AND kind = 'spend' AND created_at > %(kept)s AND created_at <= %(at)s
    GROUP BY counterpart_uid) AS payees
"""


@dataclass(frozen=True, slots=True)
class Links:
    """By what other accounts hang together with one or several: ids to the kinds of key they share. An address of a
    crowd links nobody; `counts` has for each kind the most accounts that one key of it has, crowds included."""

    others: dict[uuid.UUID, set[str]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)


def find_links(*, users: Iterable[uuid.UUID], at: datetime) -> Links:
    """Who shares a device, an address, a card or a bank account with one of these accounts; one query."""
    by_key: dict[tuple[str, bytes], set[uuid.UUID]] = {}
    for by, key, mine, other in _rows(_NEIGHBOURS, {"users": list(users), **_times(at)}):
        by_key.setdefault((by, bytes(key)), {mine}).update((mine, other))
    links = Links()
    for (by, _key), people in by_key.items():
        links.counts[by] = max(links.counts.get(by, 1), len(people))
        if by == "ip" and len(people) > IP_CROWD:
            continue
        for person in people:
            links.others.setdefault(person, set()).add(by)
    for mine in users:
        links.others.pop(mine, None)
    return links


def find_cluster(*, user: uuid.UUID, at: datetime) -> dict[uuid.UUID, set[str]]:
    """The accounts around one, two steps far and at most CLUSTER_MAX: ids to what links them, the account left out."""
    near = find_links(users=[user], at=at).others
    found = dict(list(near.items())[: CLUSTER_MAX - 1])
    if found:
        for person, by in find_links(users=[user, *found], at=at).others.items():
            if person not in found and len(found) < CLUSTER_MAX - 1:
                found[person] = by
    found.pop(user, None)
    return found


def get_own(*, user: uuid.UUID, joined_at: datetime | None, at: datetime) -> dict[str, Any]:
    """What the account did itself; two queries."""
    (row,) = _rows(_OWN, {"user": user, **_times(at)})
    joined_at = joined_at or row[0]
    usual = row[8] // row[9] if row[9] else None
    return {
        "account_age_hours": int((at - joined_at).total_seconds() // 3600) if joined_at else None,
        "n_checkouts_1h": row[1],
        "n_checkouts_24h": row[2],
        "n_declined_1h": row[3],
        "n_declined_24h": row[4],
        "n_cards_24h": row[5],
        "n_unlocks_1h": row[6],
        "bought_24h_centi": row[7],
        "usual_day_centi": usual,
        "bought_24h_times_usual": round(row[7] / usual, 2) if usual else None,
        "n_disputes": row[10],
        "paid_spent_centi": row[11],
        "promo_spent_centi": row[12],
        "promo_share": _share(row[12], row[11] + row[12]),
        "is_disposable_mail": row[13],
        "is_new_device_24h": bool(row[14]),
        **_get_places(user, at),
    }


def get_shared(*, links: Links) -> dict[str, Any]:
    """How many accounts, this one included, have its busiest device, address, card and bank account."""
    return {f"n_users_on_{by}": links.counts.get(by, 1) for by in ("device", "ip", "card", "bank")}


def get_earned(*, user: uuid.UUID, links: Links, at: datetime) -> dict[str, Any]:
    """Where a creator's earnings of 90 days come from, two queries; {} for who earned nothing."""
    payers = _rows(_EARNED, {"user": user, **_times(at)})
    total = sum(row[1] for row in payers)
    if not total:
        return {}
    (disputed,) = _rows(_DISPUTED, {"users": [row[0] for row in payers], **_times(at)})
    first = min(row[4] for row in payers)
    return {
        "earned_centi": total,
        "promo_earned_share": _share(sum(row[2] for row in payers), total),
        "n_payers": len(payers),
        "top_payer_share": _share(payers[0][1], total),
        "top_payer_items": payers[0][3],
        "n_payers_disputed": disputed[0],
        "hours_since_first_earning": int((at - first).total_seconds() // 3600),
        **{
            f"linked_{by}_share": _share(sum(r[1] for r in payers if by in links.others.get(r[0], ())), total)
            for by in ("device", "card", "bank", "ip")
        },
    }


def get_cluster(*, users: Sequence[uuid.UUID], at: datetime) -> dict[str, Any]:
    """What these accounts did together; two queries, none for one account alone."""
    if len(users) < 2:
        return {"cluster_size": 1}
    values = {"users": list(users), **_times(at)}
    (row,) = _rows(_CLUSTER, values)
    ((top,),) = _rows(_TOP_PAYEE, values)
    return {
        "cluster_size": len(users),
        "cluster_declined_24h": row[0],
        "cluster_cards_24h": row[1],
        "cluster_disputes": row[2],
        "cluster_spent_centi": row[3],
        "cluster_promo_share": _share(row[4], row[3]),
        "cluster_promo_users": row[5],
        "cluster_top_payee_share": _share(top or 0, row[3]),
    }


def _get_places(user: uuid.UUID, at: datetime) -> dict[str, Any]:
    rows = _rows(_PLACES, {"user": user, **_times(at)})
    lately = [(row[0], row[2]) for row in rows if row[1] in ("sign_in", "sign_up") and row[2] and row[0] > at - DAY]
    card = next((row[4] for row in rows if row[4]), "")
    countries = {row[2] for row in rows if row[2]}
    return {
        "is_hosting": next((row[3] for row in rows if row[3] is not None), None),
        "is_impossible_travel": len({code for _at, code in lately}) > 1 and is_impossible(places=lately),
        "is_card_of_other_country": card not in countries if card and countries else None,
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None


def _times(at: datetime) -> dict[str, datetime]:
    return {
        "at": at,
        "hour": at - timedelta(hours=1),
        "day": at - DAY,
        "month": at - MONTH,
        "ip_since": at - IP_LINK_TIME,
        "kept": at - EVENTS_KEPT,
    }


def _rows(sql: str, params: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return list(cursor.fetchall())
