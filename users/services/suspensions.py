"""Suspension: everything ends at once, and what is about the person's own data stays within their reach.

Whoever changes whether an account is active holds its row (`entrance.hold`), as every sign-in does: of a sign-in and
a suspension at the same time one sees the other.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from pairly.common.problems import Forbidden, InvalidInput, NotFound
from security.models import AuditEntry
from security.services import audit
from security.types import Client

from .. import privacy_selectors, registry
from ..constants import SUSPENSION_REASONS
from ..models import AccountClosure, Restriction, Session, User
from . import entrance, security_mails, sessions

SUSPENSION = Restriction.Kind.SUSPENSION


@transaction.atomic
def suspend(
    *,
    user: User,
    until: datetime | None,
    reasons: Sequence[str],
    case_ref: uuid.UUID | None = None,
    by: User | None = None,
    client: Client | None = None,
) -> Restriction:
    """Suspend `user` until a time (None: until it is lifted) for the codes `reasons` of SUSPENSION_REASONS.

    All their sign-ins end, sockets within 5 seconds; `by` is the person of staff (None: a rule did it). Raises
    InvalidInput (`/until`, `/reasons`), Forbidden (oneself) or NotFound (an account that is gone).
    """
    _check(user, until, reasons, by)
    held = entrance.hold(user=user)
    if held is None or privacy_selectors.is_erased(user=held):
        raise NotFound
    restriction = Restriction.objects.create(
        user=held, kind=SUSPENSION, until=until, reasons=list(reasons), case_ref=case_ref
    )
    User.objects.filter(pk=held.pk).update(is_active=False)
    sessions.end_sessions(user=held, reason="suspended")
    registry.run_suspension_hooks(user=held, until=until)
    security_mails.write(user=held, notice="suspended")
    audit.record(
        action="account.suspended",
        actor_uid=by.uid if by else None,
        subject_uid=held.uid,
        by_staff=by is not None,
        severity=AuditEntry.Severity.WARNING,
        details={
            "restriction": str(restriction.uid),
            "reasons": list(reasons),
            "until": until.isoformat() if until else None,
            "case": str(case_ref) if case_ref else None,
        },
        client=client,
    )
    return restriction


@transaction.atomic
def lift(
    *,
    user: User,
    by: User | None = None,
    case_ref: uuid.UUID | None = None,
    only: uuid.UUID | None = None,
    reason: str = "",
    client: Client | None = None,
) -> None:
    """End every suspension of `user` before its time, or `only` those of that case; repeating it changes nothing. A
    rest, a coming deletion, and suspensions of other cases go on. They are told `reason`, which is recorded too. Raises
    Forbidden (oneself) or NotFound."""
    if by is not None and by.pk == user.pk:
        raise Forbidden
    held = entrance.hold(user=user)
    if held is None:
        raise NotFound
    rows = _open(held) if only is None else _open(held).filter(case_ref=only)
    if not rows.update(lifted_at=timezone.now()):
        return
    if not _open(held).exists():
        _let_back(held, reason)
    audit.record(
        action="account.suspension_lifted",
        actor_uid=by.uid if by else None,
        subject_uid=held.uid,
        by_staff=by is not None,
        severity=AuditEntry.Severity.NOTICE,
        reason=reason[:500],
        details={"case": str(case_ref or only)} if case_ref or only else {},
        client=client,
    )


@transaction.atomic
def end_if_over(*, user: User) -> bool:
    """Let `user` back whose suspensions are all past their time; returns whether they were. For the sign-in, which
    need not wait for the job, and for the job itself."""
    held = entrance.hold(user=user)
    now = timezone.now()
    if held is None or _open(held).exclude(until__lte=now).exists():
        return False
    if not _open(held).update(lifted_at=now):
        return False
    _let_back(held)
    audit.record(action="account.suspension_over", subject_uid=held.uid)
    return True


def end_due(*, limit: int = 200) -> int:
    """End the suspensions whose time has come, one account a transaction; returns for how many accounts."""
    due = (
        Restriction.objects.filter(kind=SUSPENSION, lifted_at__isnull=True, until__lte=timezone.now())
        .order_by("user_id")
        .values_list("user_id", flat=True)
        .distinct()[:limit]
    )
    return sum(end_if_over(user=user) for user in User.objects.filter(pk__in=list(due)))


def restore(*, user: User) -> bool:
    """Make the account, held by the caller in its transaction, active again unless something else speaks against it.

    Sign-ins that were kept to privacy end either way: nobody asked them for all the proof that a full one needs.
    Returns whether the account is active.
    """
    is_free = not (_open(user).exists() or privacy_selectors.is_erased(user=user) or _closures(user).exists())
    if is_free:
        User.objects.filter(pk=user.pk).update(is_active=True)
    limited = Session.objects.filter(user=user, parent__isnull=True, ended_at__isnull=True)
    for family in limited.exclude(limit=Session.Limit.NONE).values_list("pk", flat=True):
        sessions.end_family(family=family, reason="limit_over")
    return is_free


def _let_back(user: User, reason: str = "") -> None:
    restore(user=user)
    if reason:
        security_mails.write(user=user, notice="suspension_lifted", reason=reason)
    else:
        security_mails.write(user=user, notice="suspension_over")


def _open(user: User) -> QuerySet[Restriction]:
    return Restriction.objects.filter(user=user, kind=SUSPENSION, lifted_at__isnull=True)


def _closures(user: User) -> QuerySet[AccountClosure]:
    return AccountClosure.objects.filter(user=user, cancelled_at__isnull=True, erased_at__isnull=True)


def _check(user: User, until: datetime | None, reasons: Sequence[str], by: User | None) -> None:
    if by is not None and by.pk == user.pk:
        raise Forbidden
    rows = []
    if until is not None and until <= timezone.now():
        detail = gettext("Choose a time that is still to come.")
        rows.append({"pointer": "/until", "code": "past", "detail": detail})
    if not reasons or not set(reasons) <= set(SUSPENSION_REASONS):
        detail = gettext("Choose at least one of the reasons.")
        rows.append({"pointer": "/reasons", "code": "unknown", "detail": detail})
    if rows:
        raise InvalidInput(errors=rows)
