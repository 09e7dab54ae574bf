from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem


class HoldMatured(Problem):
    """What has matured may be on its way out already."""

    code, status, title = "hold_matured", 409, _("These credits were paid out too long ago to be given back here")


class HoldReturned(Problem):
    code, status, title = "hold_returned", 409, _("These credits have gone back already")


class NotAnswered(Problem):
    code, status, title = "not_answered", 409, _("This message has not been answered yet")


class AlreadyDisputed(Problem):
    """Once for each hold."""

    code, status, title = "already_disputed", 409, _("You have said so about this answer already")


class DisputeTooLate(Problem):
    code, status, title = "dispute_too_late", 409, _("The time to say that this was not an answer is over")


class NotFrozen(Problem):
    code, status, title = "not_frozen", 409, _("These credits are not frozen any more")


class InsufficientCredits(Problem):
    code, status, title = "insufficient_credits", 402, _("You do not have enough credits for this")


class DebtOutstanding(Problem):
    code, status, title = "debt_outstanding", 402, _("A past payment was reversed; settle it before you go on")


class SpendingCapReached(Problem):
    code, status, title = "spending_cap_reached", 403, _("This would exceed your spending limit")


class CoolingOff(Problem):
    """`until` says when it is over."""

    code, status, title = "cooling_off", 403, _("You wanted to spend nothing for a while, and that is not over yet")


class InsufficientEarnings(Problem):
    code, status, title = "insufficient_earnings", 409, _("You cannot withdraw more than is ready")


_REFUSALS: dict[str, type[Problem]] = {
    one.code: one for one in (InsufficientCredits, DebtOutstanding, SpendingCapReached, CoolingOff)
}


def spending_refusal(*, code: str, balance_centi: int, cost_centi: int, **more: Any) -> Problem:
    """What the ledger says when it does not let a fan spend."""
    return _REFUSALS[code](balance_centi=balance_centi, cost_centi=cost_centi, **more)
