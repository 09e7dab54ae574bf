"""The rules by which a sign-in is judged, with their weights. Raise VERSION with every change of either."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from .models import RiskDecision

VERSION = 2
Action = RiskDecision.Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is known of a sign-in with the right password. Unknown is counted against it, never for it."""

    is_known_device: bool
    is_trusted_device: bool
    is_known_network: bool
    has_signed_in_before: bool
    has_user_agent: bool
    n_recent_failures: int
    n_accounts_tried_from_ip: int
    days_since_last_sign_in: int | None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """Adds `weight` to the score where it applies."""

    code: str
    weight: int
    applies: Callable[[Features], bool]


RULES = (
    Rule("new_device", 20, lambda f: not f.is_known_device and f.has_signed_in_before),
    Rule("new_network", 15, lambda f: not (f.is_known_network or f.is_trusted_device) and f.has_signed_in_before),
    Rule("no_user_agent", 5, lambda f: not f.has_user_agent),
    Rule("failures_before", 20, lambda f: f.n_recent_failures >= 3 and not f.is_known_device),
    Rule("address_tries_many_accounts", 40, lambda f: f.n_accounts_tried_from_ip >= 10),
    Rule("long_away", 10, lambda f: f.days_since_last_sign_in is not None and f.days_since_last_sign_in >= 180),
)
# The lowest score of each action, the strictest first.
THRESHOLDS = ((90, Action.BLOCK), (55, Action.STEP_UP), (30, Action.REVIEW), (0, Action.ALLOW))


def least_score(*, action: Action) -> int:
    """The score from which `action` is taken."""
    return next(least for least, taken in THRESHOLDS if taken == action)


def judge(features: Features) -> tuple[int, Action, list[dict[str, Any]]]:
    """Score (0 to 100), action, and the rules that applied as `{"code", "weight"}`."""
    applying = [rule for rule in RULES if rule.applies(features)]
    score = min(100, sum(rule.weight for rule in applying))
    reasons = [{"code": rule.code, "weight": rule.weight} for rule in applying]
    return score, next(action for least, action in THRESHOLDS if score >= least), reasons
