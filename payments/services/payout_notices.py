"""Telling a creator what became of their payout."""

from __future__ import annotations

from users.services import notifications

from ..models import Payout

KIND = "payout"


# A security mail tells of a request at once, and nobody needs to be told of what they do themselves.
_UNTOLD = ("requested",)


def tell(*, payout: Payout, reason: str) -> None:
    """Tell its creator in which state it is now, in the caller's transaction; of each state once."""
    if payout.status in _UNTOLD or reason == "cancelled":
        return
    notifications.notify(
        user=payout.user,
        kind=KIND,
        payload={
            "payout": str(payout.uid),
            "state": payout.status,
            "amount_minor": payout.amount_minor,
            "currency": payout.currency,
        },
        key=f"payout:{payout.uid}:{payout.status}",
    )
