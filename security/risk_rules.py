"""The rules by which a sign-in is judged: `rules/sign_in.yaml`, and the features that they may name."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

from .models import RiskDecision
from .rule_books import load

Action = RiskDecision.Action


@dataclass(frozen=True, slots=True, kw_only=True)
class Features:
    """What is known of a sign-in with the right password. Unknown is counted against it, never for it; but where an
    address belongs is a hint, and unknown there is nothing."""

    is_known_device: bool
    is_trusted_device: bool
    is_known_network: bool
    has_signed_in_before: bool
    has_user_agent: bool
    n_recent_failures: int
    n_accounts_tried_from_ip: int
    days_since_last_sign_in: int | None
    is_impossible_travel: bool = False
    is_hosting: bool | None = None
    n_accounts_on_device: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


BOOK = load(name="sign_in", features=[field.name for field in fields(Features)])
VERSION, RULES = BOOK.version, BOOK.rules
# The lowest score of each action, the strictest first.
THRESHOLDS = (*((least, Action(taken)) for least, taken in BOOK.actions), (0, Action.ALLOW))


def least_score(*, action: Action) -> int:
    """The score from which `action` is taken."""
    return next(least for least, taken in THRESHOLDS if taken == action)


def judge(features: Features) -> tuple[int, Action, list[dict[str, Any]]]:
    """Score (0 to 100), action, and the rules that applied as `{"code", "weight"}`, the heaviest first."""
    judged = BOOK.judge(features.as_json())
    return judged.score, next(taken for least, taken in THRESHOLDS if judged.score >= least), judged.reasons
