"""How risky an event is: facts from this app's own records, rules, a decision that is kept for ever."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.utils import timezone

from ..client_ip import network_of
from ..identifiers import keyed_hash
from ..models import LoginAttempt, RiskDecision
from ..risk_rules import VERSION, Features, judge
from ..types import Client

SIGN_IN = "sign_in"
RECENT = timedelta(hours=1)
# So many of the newest successes say which networks an account is used from.
NETWORKS_REMEMBERED = 20


def evaluate(
    *, user_uid: uuid.UUID, identifier: str, client: Client, is_known_device: bool, attempt_id: int
) -> RiskDecision:
    """Judge a sign-in whose password was right, and keep the decision with its reasons; three short queries.

    The attempt itself (`attempt_id`) is not among the facts. May run inside the caller's transaction.
    """
    now = timezone.now()
    before = list(
        LoginAttempt.objects.filter(
            user_uid=user_uid, outcome=LoginAttempt.Outcome.SUCCEEDED, pk__lt=attempt_id, family__isnull=False
        )
        .order_by("-pk")
        .values_list("created_at", "ip")[:NETWORKS_REMEMBERED]
    )
    features = Features(
        is_known_device=is_known_device,
        is_known_network=_network(client.ip) in {_network(ip) for _at, ip in before} - {""},
        has_signed_in_before=bool(before),
        has_user_agent=bool(client.user_agent),
        n_recent_failures=_count_failures(identifier, attempt_id, now),
        n_accounts_tried_from_ip=_count_accounts(client.ip, now),
        days_since_last_sign_in=(now - before[0][0]).days if before else None,
    )
    score, action, reasons = judge(features)
    return RiskDecision.objects.create(
        user_uid=user_uid,
        event=SIGN_IN,
        score=score,
        action=action,
        reasons=reasons,
        rule_version=VERSION,
        features=features.as_json(),
        attempt_id=attempt_id,
    )


def _network(ip: str | None) -> str:
    return network_of(ip=ip) if ip else ""


def _count_failures(identifier: str, attempt_id: int, now: datetime) -> int:
    return LoginAttempt.objects.filter(
        identifier_hash=keyed_hash(identifier=identifier),
        outcome=LoginAttempt.Outcome.FAILED,
        created_at__gt=now - RECENT,
        pk__lt=attempt_id,
    ).count()


def _count_accounts(ip: str, now: datetime) -> int:
    """How many accounts this address failed to get into of late; an unknown address counts as none of them."""
    if not ip:
        return 0
    failed = LoginAttempt.objects.filter(ip=ip, outcome=LoginAttempt.Outcome.FAILED, created_at__gt=now - RECENT)
    return failed.values("identifier_hash").distinct().count()
