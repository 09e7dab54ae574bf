"""Reads of the sign-in log."""

from __future__ import annotations

import uuid

from django.utils.translation import gettext as _

from .client_ip import network_of
from .models import LoginAttempt
from .types import AttemptFilter, AttemptRow
from .user_agents import name_of


def list_attempts(
    *, user_uid: uuid.UUID, wanted: AttemptFilter, before_id: int | None = None, limit: int = 30
) -> list[AttemptRow]:
    """The newest attempts on this account that fit, newest first, before `before_id` if given: one query.

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
    return [_row(attempt) for attempt in rows.order_by("-pk")[:limit]]


def list_outcomes() -> list[tuple[str, str]]:
    """Every outcome with its plain words."""
    outcome = LoginAttempt.Outcome
    return [
        (outcome.SUCCEEDED, _("Signed in")),
        (outcome.FAILED, _("Failed")),
        (outcome.REFUSED, _("Refused")),
        (outcome.PENDING, _("Not finished")),
    ]


def _row(attempt: LoginAttempt) -> AttemptRow:
    return AttemptRow(
        id=attempt.pk,
        created_at=attempt.created_at,
        outcome=attempt.outcome,
        result=dict(list_outcomes())[attempt.outcome],
        failure_reason=attempt.failure_reason,
        reason=_reasons().get(attempt.failure_reason, ""),
        door=attempt.door,
        device=name_of(user_agent=attempt.user_agent),
        ip=attempt.ip or "",
        network=network_of(ip=attempt.ip) if attempt.ip else "",
    )


def _reasons() -> dict[str, str]:
    """A reason that has no words here is left to its outcome."""
    return {
        "wrong_password": _("Wrong password"),
        "locked": _("Locked after too many wrong passwords"),
        "inactive": _("The account is suspended"),
        "overloaded": _("Pairly was too busy"),
    }
