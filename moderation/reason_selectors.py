"""Reads of the texts that reasons begin with: those that are offered with a decision, and all of them for who writes
them."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from pairly.common.problems import Forbidden, NotFound
from users.models import User

from .constants import EDIT_REASONS
from .models import CannedReason


@dataclass(frozen=True, kw_only=True, slots=True)
class ReasonFilter:
    """Which texts are wanted; "" is all. `state`: `offered` or `retired`."""

    text: str = ""
    kind: str = ""
    language: str = ""
    state: str = ""


def list_offered(*, kind: str, language: str) -> list[CannedReason]:
    """The texts of a kind that are in use: those in `language` first, then English, then the rest. One query.
    They say nothing about anybody; who may decide has been asked by the caller."""
    rows = CannedReason.objects.filter(kind=kind, retired_at__isnull=True)
    order = {"en": 1, language: 0}
    return sorted(rows, key=lambda row: (order.get(row.language, 2), row.language, row.title.lower()))


def get_offered(*, kind: str, uid: uuid.UUID) -> CannedReason:
    """One of them. Raises NotFound."""
    found = CannedReason.objects.filter(kind=kind, uid=uid, retired_at__isnull=True).first()
    if found is None:
        raise NotFound
    return found


def list_all(*, user: User, wanted: ReasonFilter) -> QuerySet[CannedReason]:
    """Texts, the last written first. Raises Forbidden for who may not write them."""
    _check(user)
    rows = CannedReason.objects.select_related("changed_by").order_by("-pk")
    if wanted.text:
        rows = rows.filter(Q(title__icontains=wanted.text) | Q(text__icontains=wanted.text))
    for name in ("kind", "language"):
        if getattr(wanted, name):
            rows = rows.filter(**{name: getattr(wanted, name)})
    return rows.filter(retired_at__isnull=wanted.state == "offered") if wanted.state else rows


def get_reason(*, user: User, uid: uuid.UUID) -> CannedReason:
    """One text. Raises Forbidden, NotFound."""
    found = list_all(user=user, wanted=ReasonFilter()).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def _check(user: User) -> None:
    if not user.has_perm(EDIT_REASONS):
        raise Forbidden
