"""Telling a creator what became of their payout."""

from __future__ import annotations

from users.services import notifications

from ..constants import BALANCE_LOW, BANK_FAILED
from ..models import Payout

KIND = "payout"


# A security mail tells of a request at once, and nobody needs to be told of what they do themselves.
_UNTOLD = ("requested",)
# What is told besides the status: it says that it is under way, and it is not.
_BY_REASON = {BALANCE_LOW: "waiting"}


def _state(payout: Payout, reason: str) -> str:
    if reason.startswith(BANK_FAILED):
        return BANK_FAILED
    return _BY_REASON.get(reason, payout.status)


def tell(*, payout: Payout, reason: str) -> None:
    """Tell its creator in which state it is now, in the caller's transaction: of each state once, of a bank that did
    not take it each time."""
    if payout.status in _UNTOLD or reason == "cancelled":
        return
    state = _state(payout, reason)
    # A bank may refuse more than once, and each time it is the creator's turn.
    nth = f":{payout.steps.count()}" if state == BANK_FAILED else ""
    notifications.notify(
        user=payout.user,
        kind=KIND,
        payload={
            "payout": str(payout.uid),
            "state": state,
            "amount_minor": payout.amount_minor,
            "currency": payout.currency,
        },
        key=f"payout:{payout.uid}:{state}{nth}",
    )
