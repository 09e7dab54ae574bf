"""Reads of sanctions: one's own, or for staff."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import QuerySet

from pairly.common.problems import NotFound
from users.models import User

from ..models import ReportCase, Sanction
from .constants import RULES, SCOPES, SHOWN

_BANS = (Sanction.Kind.TEMPORARY_BAN, Sanction.Kind.PERMANENT_BAN)


def list_own(*, user: User) -> QuerySet[Sanction]:
    """What was done to `user`, the newest first."""
    return Sanction.objects.filter(user=user).select_related("appeal").order_by("-pk")


def get_own(*, user: User, uid: uuid.UUID) -> Sanction:
    """One of one's own. Raises NotFound."""
    found = list_own(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def list_of_case(*, case: ReportCase) -> list[Sanction]:
    """What followed from a case; for staff."""
    return list(Sanction.objects.filter(case=case).order_by("pk"))


def list_of(*, user: User) -> list[Sanction]:
    """What was done to somebody, the newest first, with who did it; for staff."""
    rows = Sanction.objects.filter(user=user).select_related("decided_by", "lifted_by", "case", "appeal")
    return list(rows.order_by("-pk")[:SHOWN])


def list_bans_in_force(*, user: User) -> list[Sanction]:
    """Suspensions of `user` that were decided and not lifted; for staff."""
    return list(Sanction.objects.filter(user=user, kind__in=_BANS, lifted_at__isnull=True).order_by("pk"))


def get_suspendable(*, staff: User, uid: uuid.UUID) -> User:
    """Somebody whom `staff` may suspend or let back. Raises NotFound, also for oneself."""
    found = User.objects.filter(uid=uid).exclude(pk=staff.pk).first()
    if found is None:
        raise NotFound
    return found


def find_by_uid(*, uid: uuid.UUID) -> Sanction | None:
    """For the mail of its statement."""
    return Sanction.objects.select_related("user").filter(uid=uid).first()


def state_of(*, sanction: Sanction, at: datetime) -> str:
    """`lifted`, `over` (its time has come) or `in_force`."""
    if sanction.lifted_at is not None:
        return "lifted"
    return "over" if sanction.until is not None and sanction.until <= at else "in_force"


def rule_of(*, sanction: Sanction) -> str:
    """The rule that was broken, in words."""
    return str(RULES.get(sanction.rule, sanction.rule))


def scope_of(*, sanction: Sanction) -> str:
    """What it reaches, in words."""
    return str(SCOPES.get(sanction.scope, sanction.scope))
