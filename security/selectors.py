"""Reads of the sign-in log and of known devices."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from pairly.common.problems import NotFound

from .client_ip import network_of
from .constants import DEVICES_SHOWN
from .models import AuditEntry, KnownDevice, LoginAttempt, RiskDecision, SecurityEvent
from .risk_rules import least_score
from .types import AttemptFilter, AttemptRow, DeviceRow, Door, ReasonRow
from .user_agents import name_of


def list_attempts(
    *, user_uid: uuid.UUID, wanted: AttemptFilter, before_id: int | None = None, limit: int = 30
) -> list[AttemptRow]:
    """The newest attempts on this account that fit, newest first, before `before_id` if given: two queries.

    Attempts from before the account existed name no account, so they are nobody's.
    """
    rows = LoginAttempt.objects.filter(user_uid=user_uid)
    if wanted.outcome:
        rows = rows.filter(outcome=wanted.outcome)
    if wanted.since:
        rows = rows.filter(created_at__gte=wanted.since)
    if wanted.until:
        rows = rows.filter(created_at__lte=wanted.until)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    found = list(rows.order_by("-pk")[:limit])
    judged = RiskDecision.objects.filter(user_uid=user_uid, attempt_id__in=[attempt.pk for attempt in found])
    reasons = dict(judged.values_list("attempt_id", "reasons")) if found else {}
    return [_row(attempt, reasons.get(attempt.pk, [])) for attempt in found]


def list_devices(*, user_uid: uuid.UUID, current_sha256: bytes | None) -> list[DeviceRow]:
    """The devices that this account was used on and that were not forgotten, the current one (by its hash) first,
    then the one seen last; at most DEVICES_SHOWN. One query."""
    devices = KnownDevice.objects.filter(user_uid=user_uid, forgotten_at__isnull=True).order_by("-last_seen_at")
    rows = [_device_row(device, current_sha256) for device in devices[:DEVICES_SHOWN]]
    return sorted(rows, key=lambda row: not row.is_current)


def get_device(*, user_uid: uuid.UUID, device_uid: uuid.UUID, current_sha256: bytes | None) -> DeviceRow:
    """A known device of this account; raises NotFound, also for somebody else's."""
    device = KnownDevice.objects.filter(user_uid=user_uid, uid=device_uid, forgotten_at__isnull=True).first()
    if device is None:
        raise NotFound
    return _device_row(device, current_sha256)


def list_outcomes() -> list[tuple[str, str]]:
    """Every outcome with its plain words."""
    outcome = LoginAttempt.Outcome
    return [
        (outcome.SUCCEEDED, _("Signed in")),
        (outcome.CHALLENGED, _("Asked for more proof")),
        (outcome.FAILED, _("Failed")),
        (outcome.REFUSED, _("Refused")),
        (outcome.PENDING, _("Not finished")),
    ]


def _device_row(device: KnownDevice, current_sha256: bytes | None) -> DeviceRow:
    return DeviceRow(
        uid=device.uid,
        is_current=current_sha256 is not None and bytes(device.fingerprint_sha256) == current_sha256,
        is_trusted=device.trusted_at is not None,
        device=device.name or name_of(user_agent=device.user_agent),
        network=network_of(ip=device.ip) if device.ip else "",
        created_at=device.created_at,
        last_seen_at=device.last_seen_at,
    )


def _row(attempt: LoginAttempt, reasons: list[dict[str, Any]]) -> AttemptRow:
    return AttemptRow(
        id=attempt.pk,
        created_at=attempt.created_at,
        outcome=attempt.outcome,
        result=_result(attempt),
        failure_reason=attempt.failure_reason,
        reason=_reasons().get(attempt.failure_reason, ""),
        door=attempt.door,
        device=name_of(user_agent=attempt.user_agent),
        ip=attempt.ip or "",
        network=network_of(ip=attempt.ip) if attempt.ip else "",
        family=attempt.family,
        known_device=attempt.known_device,
        risk_score=attempt.risk_score,
        risk=_risk(attempt.risk_score),
        risk_text=_risk_words()[_risk(attempt.risk_score)],
        reasons=tuple(
            ReasonRow(reason["code"], _rules()[reason["code"]]) for reason in reasons if reason["code"] in _rules()
        ),
    )


def _result(attempt: LoginAttempt) -> str:
    """Not every success is a sign-in."""
    by_door = {
        Door.STEP_UP: _("Confirmed that it was you"),
        Door.RESET: _("Password was reset"),
        Door.UNLOCK: _("Unlocked"),
    }
    if attempt.outcome == LoginAttempt.Outcome.SUCCEEDED and attempt.door in by_door:
        return by_door[Door(attempt.door)]
    return dict(list_outcomes())[attempt.outcome]


def _risk(score: int | None) -> str:
    """As the rules' own thresholds: from REVIEW on medium, from STEP_UP on high."""
    if score is None:
        return ""
    if score >= least_score(action=RiskDecision.Action.STEP_UP):
        return "high"
    return "medium" if score >= least_score(action=RiskDecision.Action.REVIEW) else "low"


def _risk_words() -> dict[str, str]:
    return {"": "", "low": _("Low risk"), "medium": _("Medium risk"), "high": _("High risk")}


def list_rule_words() -> dict[str, str]:
    """What each rule of a sign-in says to people, by its code."""
    return _rules()


def _rules() -> dict[str, str]:
    """What each rule of `risk_rules` says to people; one without words is left out."""
    return {
        "new_device": _("New device"),
        "new_network": _("New network"),
        "no_user_agent": _("A program that does not say what it is"),
        "failures_before": _("Wrong passwords shortly before"),
        "address_tries_many_accounts": _("Its address tried many accounts"),
        "long_away": _("First sign-in in half a year"),
        "impossible_travel": _("Too far from the last sign-in for the time between"),
        "hosting_network": _("From a network of rented machines"),
        "device_of_many_accounts": _("A device that many accounts use"),
    }


def _reasons() -> dict[str, str]:
    """A reason that has no words here is left to its outcome."""
    return {
        "wrong_password": _("Wrong password"),
        "wrong_code": _("Wrong code"),
        "wrong_passkey": _("Wrong passkey"),
        "locked": _("Locked after too many wrong passwords"),
        "inactive": _("The account is suspended"),
        "overloaded": _("Pairly was too busy"),
        "too_risky": _("The password was right, but too much spoke against it"),
        "challenge_over": _("The second step came too late"),
        "unknown_account": _("No account has this address"),
    }


# -- privacy and suspension
def export_rows(*, user_uid: uuid.UUID) -> dict[str, Iterator[dict[str, object]]]:
    """Everything that is kept about a person here, by the name of its file, read as it is asked for."""
    return {
        "sign-in-attempts": _values(
            LoginAttempt.objects.filter(user_uid=user_uid),
            "created_at",
            "outcome",
            "failure_reason",
            "door",
            "ip",
            "user_agent",
            "known_device",
            "risk_score",
        ),
        "devices": _values(
            KnownDevice.objects.filter(user_uid=user_uid),
            "name",
            "user_agent",
            "ip",
            "trusted_at",
            "created_at",
            "last_seen_at",
            "forgotten_at",
        ),
        "risk-decisions": _values(
            RiskDecision.objects.filter(user_uid=user_uid),
            "created_at",
            "event",
            "score",
            "action",
            "reasons",
            "features",
            "rule_version",
        ),
        # What scoring knows; the keyed hashes of devices, addresses and cards say nothing to anybody.
        "security-events": _values(
            SecurityEvent.objects.filter(user_uid=user_uid),
            "created_at",
            "kind",
            "country",
            "network",
            "amount_centi",
            "promo_centi",
            "n",
            "facts",
        ),
        # Without reasons and details: in what staff wrote down others may be named.
        "audit": _values(
            AuditEntry.objects.filter(subject_uid=user_uid, is_private_view=False),
            "created_at",
            "action",
            "by_staff",
            "severity",
        ),
        "own-actions": _values(
            AuditEntry.objects.filter(actor_uid=user_uid).exclude(subject_uid=user_uid), "created_at", "action", "ip"
        ),
        "accesses": _values(
            AuditEntry.objects.filter(subject_uid=user_uid, is_private_view=True), "created_at", "action", "reason"
        ),
    }


def _values(rows: QuerySet[Any], *names: str) -> Iterator[dict[str, object]]:
    return rows.order_by("pk").values(*names).iterator(chunk_size=1000)
