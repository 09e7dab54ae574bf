"""Alerts of fraud: raised from decisions, one for what hangs together, resolved once by staff as true or false.

A person decides what follows; an alert does nothing to anybody.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from pairly.common.problems import InvalidInput, NotFound

from .. import registry
from ..constants import ALERT_ANSWERED
from ..errors import AlertResolved
from ..models import AlertAccount, FraudAlert, RiskDecision

Action = RiskDecision.Action
State = FraudAlert.State
OUTCOMES = (State.TRUE_POSITIVE, State.FALSE_POSITIVE)
# One at a time: two accounts of a ring, scored at once, must find each other's alert.
_LOCK = 0x66726175
_GRAVE = {Action.ALLOW: 0, Action.REVIEW: 1, Action.STEP_UP: 2, Action.BLOCK: 3}


@transaction.atomic
def raise_for(*, decision: RiskDecision, pattern: str, linked: Mapping[uuid.UUID, Iterable[str]]) -> FraudAlert | None:
    """The alert that this decision belongs to: an open one about the account or one linked to it, else a new one.

    None where staff answered the same findings about the account within ALERT_ANSWERED. `linked`: the accounts
    around it, by what they hang together.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    codes = {reason["code"] for reason in decision.reasons}
    alert = _find_open(decision.user_uid, linked)
    if alert is None:
        if _is_answered(decision.user_uid, codes):
            return None
        alert = FraudAlert.objects.create(
            user_uid=decision.user_uid, pattern=pattern, score=0, action=Action.REVIEW, rules=[]
        )
        is_new = True
    else:
        is_new = False
    was_grave = alert.action == Action.BLOCK
    _grow(alert, decision, pattern, codes)
    _add_accounts(alert, decision.user_uid, linked)
    if is_new or (alert.action == Action.BLOCK and not was_grave):
        registry.run_opened(uid=alert.uid, user_uid=alert.user_uid, is_high=alert.action == Action.BLOCK)
    return alert


@transaction.atomic
def resolve(*, uid: uuid.UUID, by_uid: uuid.UUID, outcome: str, note: str) -> FraudAlert:
    """Say once whether it was fraud. Raises NotFound, InvalidInput (`/outcome`), AlertResolved. Whoever calls has seen
    to it that `by_uid` may, is none of its accounts, and that it is written down."""
    if outcome not in OUTCOMES:
        raise InvalidInput(errors=[{"pointer": "/outcome", "code": "unknown", "detail": ", ".join(OUTCOMES)}])
    alert = FraudAlert.objects.select_for_update().filter(uid=uid).first()
    if alert is None:
        raise NotFound
    if alert.state != State.OPEN:
        raise AlertResolved
    alert.state, alert.note = State(outcome), note
    alert.resolved_by_uid, alert.resolved_at = by_uid, timezone.now()
    alert.save(update_fields=["state", "note", "resolved_by_uid", "resolved_at"])
    return alert


def _find_open(user_uid: uuid.UUID, linked: Mapping[uuid.UUID, Iterable[str]]) -> FraudAlert | None:
    rows = FraudAlert.objects.filter(state=State.OPEN, accounts__user_uid__in=[user_uid, *linked])
    return rows.order_by("pk").first()


def _is_answered(user_uid: uuid.UUID, codes: set[str]) -> bool:
    answered = FraudAlert.objects.filter(
        accounts__user_uid=user_uid, state__in=OUTCOMES, resolved_at__gt=timezone.now() - ALERT_ANSWERED
    )
    return any(codes <= set(alert.rules) for alert in answered)


def _grow(alert: FraudAlert, decision: RiskDecision, pattern: str, codes: set[str]) -> None:
    if decision.score >= alert.score:
        alert.score = decision.score
        alert.pattern = pattern or alert.pattern
    alert.action = max(alert.action, decision.action, key=lambda action: _GRAVE[Action(action)])
    alert.rules = sorted(codes | set(alert.rules))
    alert.changed_at = timezone.now()
    alert.save(update_fields=["score", "pattern", "action", "rules", "changed_at"])
    alert.decisions.add(decision)


def _add_accounts(alert: FraudAlert, user_uid: uuid.UUID, linked: Mapping[uuid.UUID, Iterable[str]]) -> None:
    links: dict[uuid.UUID, set[str]] = {person: set(by) for person, by in linked.items()}
    links[user_uid] = set().union(*links.values()) if links else set()
    known: dict[Any, AlertAccount] = {row.user_uid: row for row in alert.accounts.all()}
    for person, by in links.items():
        row = known.get(person) or AlertAccount(alert=alert, user_uid=person)
        row.links = sorted(by | set(row.links))
        row.was_scored = row.was_scored or person == user_uid
        row.save()
