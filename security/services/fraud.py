"""Scoring: the quick look at a door, and the whole look at an account that a worker takes.

Both read reported events alone, judge by the same book and keep what they decided for ever. A door never waits for more
than a handful of indexed queries, and when scoring is broken the door goes on: its verdict is not known then, which a
payout takes for a reason to look closely (`payments.services.payout_risk`).
"""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone

from .. import fraud_selectors as facts
from ..constants import SCORED_AT_ONCE, SCORING_OVERLAP
from ..fraud_rules import DOORS, get_book
from ..models import EventCursor, RiskDecision, SecurityEvent
from ..rule_books import ALLOW, Judgement
from ..types import FraudVerdict
from . import alerts, risk

log = structlog.get_logger(__name__)

ACCOUNT = "account"
_CURSOR = "security.scoring"


def check(*, door: str, user_uid: uuid.UUID, joined_at: datetime, **given: int) -> FraudVerdict:
    """What the rules of a door say of this account now; `given` is what the door knows besides (`amount_centi`,
    `debt_centi`). Raises nothing; a failure is a verdict that is not known."""
    return _guarded(door, lambda: _check(door, user_uid, joined_at, given, None))


def check_and_keep(*, door: str, event: str, user_uid: uuid.UUID, joined_at: datetime, **given: int) -> FraudVerdict:
    """`check`, the decision kept as one of `event`, and an alert raised where staff should look; part of the caller's
    transaction. Raises nothing either."""
    return _guarded(door, lambda: _check(door, user_uid, joined_at, given, event))


def raise_alert(*, decision: RiskDecision) -> None:
    """Have staff look at a decision that its door kept itself (a purchase). Never raises."""
    try:
        with transaction.atomic():
            linked = facts.find_links(users=[decision.user_uid], at=timezone.now()).others
            pattern = _pattern_of(decision)
            alerts.raise_for(decision=decision, pattern=pattern, linked=linked)
    except Exception as error:  # as below
        log.error("fraud_alert_failed", error=type(error).__name__)


def score_account(*, user_uid: uuid.UUID, at: datetime | None = None) -> Judgement:
    """The whole look at an account and what hangs together with it. A decision is kept, and an alert raised, where
    there is something to look at that the last decision did not say already."""
    at = at or timezone.now()
    links = facts.find_links(users=[user_uid], at=at)
    cluster = facts.find_cluster(user=user_uid, at=at)
    features = {
        **facts.get_own(user=user_uid, joined_at=None, at=at),
        **facts.get_shared(links=links),
        **facts.get_earned(user=user_uid, links=links, at=at),
        **facts.get_cluster(users=[user_uid, *cluster], at=at),
    }
    judged = get_book().judge(features, door=ACCOUNT, can=DOORS[ACCOUNT])
    if judged.action != ALLOW and not _was_said(user_uid, judged):
        with transaction.atomic():
            decision = _keep(ACCOUNT, user_uid, judged, features)
            alerts.raise_for(decision=decision, pattern=judged.pattern, linked=cluster)
    return judged


def score_recent(*, at: datetime | None = None) -> int:
    """Score everybody of whom something was reported since the last run, and those who were paid; how many that were.

    What a run does not come to, the next one does; after a crash it begins where that one did. Two at once look twice.
    Each account is a transaction of its own: an alert's lock is held for moments, for doors wait for it too.
    """
    at = at or timezone.now()
    position = EventCursor.objects.filter(name=_CURSOR).values_list("position", flat=True).first() or 0
    people, reached = _list_reported(after=_time_of(position), until=at)
    for user in people:
        _score_one(user, at)
    EventCursor.objects.get_or_create(name=_CURSOR)
    done = int(reached.timestamp() * 1000) + 1  # what came in that very millisecond is looked at again as an overlap
    EventCursor.objects.filter(name=_CURSOR, position__lt=done).update(position=done)
    return len(people)


def _list_reported(*, after: datetime, until: datetime) -> tuple[list[uuid.UUID], datetime]:
    """Whom events are about, and up to which time: SCORED_AT_ONCE people since `after`, and those of shortly before."""
    rows = SecurityEvent.objects.filter(created_at__gt=after - SCORING_OVERLAP, created_at__lte=until)
    again: set[uuid.UUID] = set()
    fresh: set[uuid.UUID] = set()
    events = rows.order_by("created_at").values_list("created_at", "user_uid", "counterpart_uid")
    for created_at, user, payee in events.iterator():
        if len(fresh) >= SCORED_AT_ONCE:
            return [*(again | fresh)], created_at
        (fresh if created_at > after else again).update(one for one in (user, payee) if one)
    return [*(again | fresh)], until


def _score_one(user: uuid.UUID, at: datetime) -> None:
    """One account that cannot be scored keeps nobody else from it."""
    try:
        with transaction.atomic():
            score_account(user_uid=user, at=at)
    except Exception as error:
        log.error("account_not_scored", user_uid=str(user), error=type(error).__name__)


def _check(
    door: str, user_uid: uuid.UUID, joined_at: datetime, given: dict[str, int], event: str | None
) -> FraudVerdict:
    at = timezone.now()
    links = facts.find_links(users=[user_uid], at=at)
    features: dict[str, Any] = {
        **facts.get_own(user=user_uid, joined_at=joined_at, at=at),
        **facts.get_shared(links=links),
        **(facts.get_earned(user=user_uid, links=links, at=at) if door == "payout" else {}),
        **given,
    }
    judged = get_book().judge(features, door=door, can=DOORS[door])
    if event:
        decision = _keep(event, user_uid, judged, features)
        if judged.action != ALLOW:
            alerts.raise_for(decision=decision, pattern=judged.pattern, linked=links.others)
    return FraudVerdict(
        action=judged.action,
        score=judged.score,
        reasons=tuple(judged.reasons),
        rule_version=get_book().version,
        features=features,
    )


def _guarded(door: str, look: Any) -> FraudVerdict:
    try:
        with transaction.atomic():
            verdict: FraudVerdict = look()
        return verdict
    except Exception as error:  # whatever it is, selling goes on and staff look at what leaves
        log.error("fraud_not_scored", door=door, error=type(error).__name__)
        return FraudVerdict(action=ALLOW, score=0, reasons=(), rule_version=0, features={}, is_known=False)


def _keep(event: str, user_uid: uuid.UUID, judged: Judgement, features: dict[str, Any]) -> RiskDecision:
    return risk.keep(
        user_uid=user_uid,
        event=event,
        score=judged.score,
        action=RiskDecision.Action(judged.action),
        reasons=judged.reasons,
        rule_version=get_book().version,
        features=features,
    )


def _was_said(user_uid: uuid.UUID, judged: Judgement) -> bool:
    """Whether the last decision about the account names all of these rules, by the same book, and is as strict."""
    last = RiskDecision.objects.filter(user_uid=user_uid, event=ACCOUNT).order_by("-pk").first()
    if last is None or last.rule_version != get_book().version or last.action != judged.action:
        return False
    return {rule.code for rule in judged.rules} <= {reason["code"] for reason in last.reasons}


def _pattern_of(decision: RiskDecision) -> str:
    codes = {reason["code"] for reason in decision.reasons}
    spoken = tuple(rule for rule in get_book().rules if rule.code in codes)
    return Judgement(score=decision.score, action=decision.action, rules=spoken).pattern


def _time_of(position: int) -> datetime:
    return datetime.fromtimestamp(position / 1000, tz=timezone.now().tzinfo)
