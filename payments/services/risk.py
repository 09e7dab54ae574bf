"""Whether a purchase may be made: facts of our own, a few rules, a decision that is kept.

A refusal weighs 90, what staff should see 30, so that the scale is the one of sign-ins (0 to 100). Two purchases
started at the same moment are judged by the same facts: what must hold against races are the limits and the ledger.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from security.models import RiskDecision
from security.services import fraud
from security.services import risk as decisions
from security.types import FraudVerdict
from users.models import User

from .. import risk_selectors
from ..constants import (
    RISK_DAY_CENTI,
    RISK_FAILED_REFUSE,
    RISK_FAILED_REVIEW,
    RISK_LOST_REFUSE,
    RISK_NEW_ACCOUNT_HOURS,
    RISK_NEW_DAY_CENTI,
    RISK_STARTED_DAY,
    RISK_UNCONFIRMED_DAY_CENTI,
)
from ..errors import PurchaseRefused
from ..types import PurchaseFacts, Verdict

EVENT = "purchase"
VERSION = 1  # raise it with every change of a rule or a threshold
REVIEW, REFUSE = 30, 90
_ACTIONS = {
    "allow": RiskDecision.Action.ALLOW,
    "review": RiskDecision.Action.REVIEW,
    "refuse": RiskDecision.Action.BLOCK,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """Speaks where `applies`, of the facts and what the day would come to with this purchase (hundredths of a credit).
    `detail` says what to do next; only what refuses has one."""

    code: str
    weight: int
    applies: Callable[[PurchaseFacts, int], bool]
    detail: StrOrPromise = ""


RULES = (
    Rule(
        "email_unconfirmed",
        REFUSE,
        lambda f, day: not f.is_email_confirmed and day > RISK_UNCONFIRMED_DAY_CENTI,
        _("Confirm your e-mail address to buy this much in one day, or choose fewer credits."),
    ),
    Rule(
        "many_failed",
        REFUSE,
        lambda f, day: f.n_failed_day >= RISK_FAILED_REFUSE,
        _("Too many payments failed today. Ask your bank what it refuses, and try again tomorrow."),
    ),
    Rule(
        "many_started",
        REFUSE,
        lambda f, day: f.n_started_day >= RISK_STARTED_DAY,
        _("You have started many purchases today. Finish one of them, or try again tomorrow."),
    ),
    Rule(
        "new_account",
        REFUSE,
        lambda f, day: f.account_age_hours < RISK_NEW_ACCOUNT_HOURS and day > RISK_NEW_DAY_CENTI,
        _("Your account is new. Choose fewer credits today; from tomorrow you can buy more."),
    ),
    Rule(
        "much_today",
        REFUSE,
        lambda f, day: day > RISK_DAY_CENTI,
        _("That is more than can be bought in one day. Try again tomorrow, or choose fewer credits."),
    ),
    Rule(
        "disputes_lost",
        REFUSE,
        lambda f, day: f.n_lost >= RISK_LOST_REFUSE,
        _("Payments of yours were taken back by your bank. Write to us before you buy again."),
    ),
    Rule("some_failed", REVIEW, lambda f, day: RISK_FAILED_REVIEW <= f.n_failed_day < RISK_FAILED_REFUSE),
    Rule("dispute_before", REVIEW, lambda f, day: f.n_lost + f.n_disputed > 0 and f.n_lost < RISK_LOST_REFUSE),
    Rule("in_debt", REVIEW, lambda f, day: f.debt_centi > 0),
)


def check(*, user: User, amount_centi: int, at: datetime | None = None) -> Verdict:
    """Judge a purchase of `amount_centi` (hundredths of a credit); writes nothing, raises nothing.

    The whole scoring comes in behind this call.
    """
    facts = risk_selectors.get_purchase_facts(user=user, at=at or timezone.now())
    day = facts.paid_day_centi + amount_centi
    spoken = sorted((rule for rule in RULES if rule.applies(facts, day)), key=lambda rule: -rule.weight)
    heaviest = spoken[0].weight if spoken else 0
    return Verdict(
        action="refuse" if heaviest >= REFUSE else "review" if spoken else "allow",
        score=min(100, sum(rule.weight for rule in spoken)),
        reasons=tuple({"code": rule.code, "weight": rule.weight} for rule in spoken),
        facts=facts,
        detail=spoken[0].detail if spoken else "",
    )


def require(*, user: User, amount_centi: int) -> Verdict:
    """Judge, and keep the decision for ever. Call it outside a transaction that a refusal would roll back.

    Raises PurchaseRefused with the codes of the rules as `reasons`.
    """
    verdict = check(user=user, amount_centi=amount_centi)
    scored = fraud.check(door="checkout", user_uid=user.uid, joined_at=user.created_at, amount_centi=amount_centi)
    verdict = _with_scoring(verdict, scored)
    decision = decisions.keep(
        user_uid=user.uid,
        event=EVENT,
        score=verdict.score,
        action=_ACTIONS[verdict.action],
        reasons=[dict(reason) for reason in verdict.reasons],
        rule_version=VERSION,
        features={
            **scored.features,
            **asdict(verdict.facts),
            "amount_centi": amount_centi,
            "fraud_rules": scored.rule_version,
            "is_scored": scored.is_known,
        },
    )
    if scored.action != "allow":
        fraud.raise_alert(decision=decision)
    if verdict.action == "refuse":
        own = {rule.code for rule in RULES if rule.weight >= REFUSE}
        refusing = [code for code in verdict.codes if code in own]
        # Which rules of fraud spoke is not for who may be one.
        raise PurchaseRefused(verdict.detail, reasons=refusing or ["risk"])
    return verdict


def _with_scoring(verdict: Verdict, scored: FraudVerdict) -> Verdict:
    """What the rules above say, and what scoring adds of the account's events: the stricter of the two."""
    is_refused = scored.action == "block" or verdict.action == "refuse"
    detail = verdict.detail or _("This purchase cannot be made now. Write to us if you think that this is a mistake.")
    return replace(
        verdict,
        action="refuse" if is_refused else "review" if scored.action == "review" else verdict.action,
        score=min(100, verdict.score + scored.score),
        reasons=(*verdict.reasons, *scored.reasons),
        detail=detail if is_refused else verdict.detail,
    )
