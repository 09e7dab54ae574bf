"""Folding transfers into the lazy platform accounts, and spending into lots."""

from __future__ import annotations

from pairly.common.sql import call_value

from .. import selectors


def roll_up() -> int:
    """Fold what is committed and visible to everyone; returns the number of transfers folded."""
    return int(call_value(sql="SELECT credits_roll_up()"))


def allocate_lots(*, limit: int = 500) -> int:
    """Bring the lots of accounts that moved up to date; returns the number of transfers allocated."""
    accounts = selectors.list_accounts_behind(limit=limit)
    return sum(int(call_value(sql="SELECT credits_allocate_lots(%s::bigint)", params=[a])) for a in accounts)
