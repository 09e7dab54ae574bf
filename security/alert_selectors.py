"""Reads of fraud alerts, of the decisions below them, and of how right each rule was. For staff: whoever shows them
records the look."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from pairly.common.problems import NotFound

from . import fraud_words
from .fraud_rules import get_book
from .models import AlertAccount, FraudAlert, RiskDecision, SecurityEvent
from .selectors import list_rule_words

EVENTS_SHOWN = 30
DECISIONS_SHOWN = 20
_Action = RiskDecision.Action
_State = FraudAlert.State

# Each rule of each alert of the time; how often it spoke in decisions beside it.
_BY_RULE = """
SELECT rule, count(*), count(*) FILTER (WHERE state = 'true_positive'), count(*) FILTER (WHERE state = 'false_positive')
FROM security_fraudalert CROSS JOIN LATERAL jsonb_array_elements_text(rules) AS rule
WHERE created_at > %s GROUP BY rule
"""
_SPOKEN = """
SELECT reason->>'code', count(*) FROM security_riskdecision CROSS JOIN LATERAL jsonb_array_elements(reasons) AS reason
WHERE created_at > %s AND event = ANY(%s) GROUP BY 1
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """A rule that spoke, in words with the numbers of the case."""

    code: str
    text: str
    weight: int
    is_veto: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DecisionRow:
    """A decision below an alert: where, about whom, what spoke, by which version of the rules, and what was known."""

    event: str
    door: str
    user_uid: uuid.UUID
    score: int
    action: str
    action_text: str
    rule_version: int
    created_at: datetime
    findings: tuple[Finding, ...]
    features: Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountRow:
    """An account of an alert: by what it is linked to the others, as codes and in words."""

    user_uid: uuid.UUID
    links: tuple[str, ...]
    link_texts: tuple[str, ...]
    was_scored: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class RuleFigures:
    """How often a rule spoke and how often it was right: alerts that it was in, of which staff said true or false.
    `precision` is in per cent of those two, None where nobody said anything yet."""

    code: str
    weight: int | None
    pattern: str
    n_spoken: int
    n_alerts: int
    n_true: int
    n_false: int

    @property
    def precision(self) -> float | None:
        n = self.n_true + self.n_false
        return round(100 * self.n_true / n, 1) if n else None


@dataclass(frozen=True, kw_only=True, slots=True)
class DoorFigures:
    """The decisions of one door by what was done."""

    event: str
    door: str
    n_allow: int
    n_review: int
    n_step_up: int
    n_block: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The last `n_days` days, as of `up_to`."""

    n_days: int
    up_to: datetime
    rule_version: int
    n_open: int
    n_true: int
    n_false: int
    doors: Sequence[DoorFigures]
    rules: Sequence[RuleFigures]
    events: Sequence[tuple[str, str, int]]

    @property
    def precision(self) -> float | None:
        n = self.n_true + self.n_false
        return round(100 * self.n_true / n, 1) if n else None


def list_alerts(*, state: str = "", but_about: uuid.UUID | None = None) -> QuerySet[FraudAlert]:
    """Alerts, the newest first; of one state, and without those that `but_about` is part of."""
    rows = FraudAlert.objects.prefetch_related("accounts", "decisions").order_by("-pk")
    if state:
        rows = rows.filter(state=state)
    if but_about is not None:
        rows = rows.exclude(pk__in=AlertAccount.objects.filter(user_uid=but_about).values("alert"))
    return rows


def get_alert(*, uid: uuid.UUID) -> FraudAlert:
    """One alert with its accounts and decisions. Raises NotFound."""
    alert = list_alerts().filter(uid=uid).first()
    if alert is None:
        raise NotFound
    return alert


def is_about(*, uid: uuid.UUID, user_uid: uuid.UUID) -> bool:
    """Whether somebody is one of the accounts of an alert."""
    return AlertAccount.objects.filter(alert__uid=uid, user_uid=user_uid).exists()


def list_account_uids(*, uids: Collection[uuid.UUID]) -> dict[uuid.UUID, set[uuid.UUID]]:
    """The accounts of these alerts, by alert: one query."""
    found: dict[uuid.UUID, set[uuid.UUID]] = {}
    rows = AlertAccount.objects.filter(alert__uid__in=uids).values_list("alert__uid", "user_uid")
    for alert_uid, user_uid in rows:
        found.setdefault(alert_uid, set()).add(user_uid)
    return found


def list_linked(*, user_uid: uuid.UUID) -> list[AccountRow]:
    """Accounts that stood in an alert together with this one, each with all that linked it there: one query."""
    alerts = AlertAccount.objects.filter(user_uid=user_uid).values("alert")
    rows = AlertAccount.objects.filter(alert__in=alerts).exclude(user_uid=user_uid).order_by("pk")
    links: dict[uuid.UUID, dict[str, None]] = {}
    scored: set[uuid.UUID] = set()
    for row in rows:
        links.setdefault(row.user_uid, {}).update(dict.fromkeys(row.links))
        scored |= {row.user_uid} if row.was_scored else set()
    words = fraud_words.links()
    return [
        AccountRow(
            user_uid=uid,
            links=tuple(by),
            link_texts=tuple(words.get(one, one) for one in by),
            was_scored=uid in scored,
        )
        for uid, by in links.items()
    ]


def list_decisions(*, alert: FraudAlert) -> list[DecisionRow]:
    """The newest decisions below an alert, newest first."""
    rows = sorted(alert.decisions.all(), key=lambda row: -row.pk)[:DECISIONS_SHOWN]
    return [_decision(row) for row in rows]


def list_findings(*, alert: FraudAlert) -> list[Finding]:
    """Every rule that spoke in an alert, with the numbers of the newest decision it spoke in; the heaviest first."""
    found: dict[str, Finding] = {}
    for row in sorted(alert.decisions.all(), key=lambda row: -row.pk):
        for finding in _findings(row):
            found.setdefault(finding.code, finding)
    return sorted(found.values(), key=lambda one: (not one.is_veto, -one.weight))


def list_accounts(*, alert: FraudAlert) -> list[AccountRow]:
    """The accounts of an alert, those that a decision is about first."""
    words = fraud_words.links()
    return [
        AccountRow(
            user_uid=row.user_uid,
            links=tuple(row.links),
            link_texts=tuple(words.get(by, by) for by in row.links),
            was_scored=row.was_scored,
        )
        for row in sorted(alert.accounts.all(), key=lambda row: (not row.was_scored, row.pk))
    ]


def list_events(*, alert: FraudAlert) -> list[SecurityEvent]:
    """What was reported of the accounts of an alert last, newest first."""
    users = [row.user_uid for row in alert.accounts.all()]
    return list(SecurityEvent.objects.filter(user_uid__in=users).order_by("-created_at", "-pk")[:EVENTS_SHOWN])


def get_figures(*, n_days: int) -> Figures:
    """Decisions, alerts and rules of the last days; five queries over their times."""
    now = timezone.now()
    since = now - timedelta(days=n_days)
    states = FraudAlert.objects.filter(Q(created_at__gt=since) | Q(state=_State.OPEN)).aggregate(
        n_open=Count("pk", filter=Q(state=_State.OPEN)),
        n_true=Count("pk", filter=Q(state=_State.TRUE_POSITIVE)),
        n_false=Count("pk", filter=Q(state=_State.FALSE_POSITIVE)),
    )
    return Figures(
        n_days=n_days,
        up_to=now,
        rule_version=get_book().version,
        doors=_doors(since),
        rules=_rules(since),
        events=_events(since),
        **states,
    )


def _doors(since: datetime) -> list[DoorFigures]:
    counted = (
        RiskDecision.objects.filter(created_at__gt=since)
        .values("event")
        .annotate(
            n_allow=Count("pk", filter=Q(action=_Action.ALLOW)),
            n_review=Count("pk", filter=Q(action=_Action.REVIEW)),
            n_step_up=Count("pk", filter=Q(action=_Action.STEP_UP)),
            n_block=Count("pk", filter=Q(action=_Action.BLOCK)),
        )
        .order_by("event")
    )
    words = fraud_words.doors()
    return [
        DoorFigures(
            event=row["event"],
            door=words.get(row["event"], row["event"]),
            n_allow=row["n_allow"],
            n_review=row["n_review"],
            n_step_up=row["n_step_up"],
            n_block=row["n_block"],
        )
        for row in counted
    ]


def _rules(since: datetime) -> list[RuleFigures]:
    """Every rule of the book, also one that never spoke, and older ones that alerts still name."""
    with connection.cursor() as cursor:
        cursor.execute(_BY_RULE, [since])
        alerts = {row[0]: row[1:] for row in cursor.fetchall()}
        cursor.execute(_SPOKEN, [since, [event for event in fraud_words.doors() if event != "sign_in"]])
        spoken = dict(cursor.fetchall())
    known = {rule.code: rule for rule in get_book().rules}
    rows = [
        RuleFigures(
            code=code,
            weight=known[code].weight if code in known else None,
            pattern=known[code].pattern if code in known else "",
            n_spoken=spoken.get(code, 0),
            n_alerts=alerts.get(code, (0, 0, 0))[0],
            n_true=alerts.get(code, (0, 0, 0))[1],
            n_false=alerts.get(code, (0, 0, 0))[2],
        )
        for code in dict.fromkeys([*known, *alerts])
    ]
    return sorted(rows, key=lambda row: (-row.n_alerts, -row.n_spoken, row.code))


def _events(since: datetime) -> list[tuple[str, str, int]]:
    counted = SecurityEvent.objects.filter(created_at__gt=since).values("kind").annotate(n=Count("pk"))
    words = dict(SecurityEvent.Kind.choices)
    return sorted(((row["kind"], str(words.get(row["kind"], row["kind"])), row["n"]) for row in counted), key=str)


def _decision(row: RiskDecision) -> DecisionRow:
    return DecisionRow(
        event=row.event,
        door=fraud_words.doors().get(row.event, row.event),
        user_uid=row.user_uid,
        score=row.score,
        action=row.action,
        action_text=str(_Action(row.action).label),
        rule_version=row.rule_version,
        created_at=row.created_at,
        findings=tuple(_findings(row)),
        features=row.features,
    )


def _findings(row: RiskDecision) -> list[Finding]:
    signing_in = list_rule_words() if row.event == "sign_in" else {}
    return [
        Finding(
            code=reason["code"],
            text=signing_in.get(reason["code"]) or fraud_words.sentence(code=reason["code"], features={**row.features}),
            weight=reason["weight"],
            is_veto=bool(reason.get("veto")),
        )
        for reason in row.reasons
    ]
