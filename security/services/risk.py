"""How risky an event is: facts from this app's own records, rules, a decision that is kept for ever."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import DatabaseError, transaction
from django.utils import timezone

from ..client_ip import network_of
from ..constants import EVENTS_KEPT
from ..identifiers import keyed, keyed_hash
from ..ip_networks import locate
from ..models import KnownDevice, LoginAttempt, RiskDecision, SecurityEvent
from ..risk_rules import VERSION, Features, judge
from ..travel import is_impossible
from ..types import Client, Door

log = structlog.get_logger(__name__)

SIGN_IN = "sign_in"
RECENT = timedelta(hours=1)
# So many of the newest successes say which networks an account is used from.
NETWORKS_REMEMBERED = 20
# Beyond this nobody travels too fast; and more accounts than this on a device need no counting.
JOURNEY = timedelta(days=1)
DEVICE_ACCOUNTS_MAX = 20


def evaluate(
    *,
    user_uid: uuid.UUID,
    identifier: str,
    client: Client,
    known: KnownDevice | None,
    attempt_id: int,
    fingerprint: str = "",
) -> RiskDecision:
    """Judge a sign-in whose password was right, and keep the decision with its reasons; six short queries.

    `known` is the device if the account was used on it before, `fingerprint` what it is known by. The attempt itself
    (`attempt_id`) is not among the facts. May run inside the caller's transaction, which must commit for the decision
    to be kept.
    """
    now = timezone.now()
    before = list(
        LoginAttempt.objects.filter(
            user_uid=user_uid, outcome=LoginAttempt.Outcome.SUCCEEDED, pk__lt=attempt_id, family__isnull=False
        )
        .exclude(door=Door.STEP_UP)  # proves who is there, not that this network is theirs
        .order_by("-pk")
        .values_list("created_at", "ip")[:NETWORKS_REMEMBERED]
    )
    # Someone who signed up and has not signed in since is known by the device of that day alone.
    used_devices = list(
        KnownDevice.objects.filter(user_uid=user_uid, forgotten_at__isnull=True)
        .order_by("-last_seen_at")
        .values_list("last_seen_at", "ip")[:NETWORKS_REMEMBERED]
    )
    seen = [*before, *used_devices]
    features = Features(
        is_known_device=known is not None,
        is_trusted_device=known is not None and known.trusted_at is not None,
        is_known_network=_network(client.ip) in {_network(ip) for _at, ip in seen} - {""},
        has_signed_in_before=bool(seen),
        has_user_agent=bool(client.user_agent),
        n_recent_failures=_count_failures(identifier, attempt_id, now),
        n_accounts_tried_from_ip=_count_accounts(client.ip, now),
        days_since_last_sign_in=(now - max(at for at, _ip in seen)).days if seen else None,
        **_find_hints(user_uid, client, fingerprint, now),
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


def keep(
    *,
    user_uid: uuid.UUID,
    event: str,
    score: int,
    action: RiskDecision.Action,
    reasons: list[dict[str, Any]],
    rule_version: int,
    features: dict[str, Any],
) -> RiskDecision:
    """Keep what an app above thought of an event of its own, with its reasons (`{"code", "weight"}`) and numbers only.
    Kept where the caller's transaction commits."""
    return RiskDecision.objects.create(
        user_uid=user_uid,
        event=event,
        score=score,
        action=action,
        reasons=reasons,
        rule_version=rule_version,
        features=features,
    )


def _find_hints(user_uid: uuid.UUID, client: Client, fingerprint: str, now: datetime) -> dict[str, Any]:
    """What the reported events and the address itself add: hints, so nothing where they cannot be asked."""
    place = locate(ip=client.ip)
    try:
        with transaction.atomic():
            before = (
                SecurityEvent.objects.filter(
                    user_uid=user_uid, kind=SecurityEvent.Kind.SIGN_IN, created_at__gt=now - JOURNEY
                )
                .exclude(country="")
                .order_by("-created_at")
                .values_list("created_at", "country")
                .first()
            )
            key = keyed(what="device", value=fingerprint)
            users = SecurityEvent.objects.filter(device_key=key, created_at__gt=now - EVENTS_KEPT)
            n_accounts = users.values("user_uid").distinct()[:DEVICE_ACCOUNTS_MAX].count() if key else 0
    except DatabaseError as error:
        log.warning("sign_in_hints_unknown", error=type(error).__name__)
        return {"is_hosting": place.is_hosting}
    is_far = before is not None and is_impossible(places=[before, (now, place.country)])
    return {"is_impossible_travel": is_far, "is_hosting": place.is_hosting, "n_accounts_on_device": n_accounts}


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
