"""Reads of appeals: one's own, or for staff with the permission."""

from __future__ import annotations

import uuid
from collections.abc import Collection

from django.db.models import QuerySet

from pairly.common.problems import NotFound
from users.models import User

from ..models import Appeal, AppealMessage


def list_own(*, user: User) -> QuerySet[Appeal]:
    """One's appeals, the newest first."""
    return Appeal.objects.filter(user=user).select_related("sanction", "verification").order_by("-pk")


def get_own(*, user: User, uid: uuid.UUID) -> Appeal:
    """One of one's own. Raises NotFound."""
    found = list_own(user=user).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def find_for_staff(*, uid: uuid.UUID) -> Appeal | None:
    """For the page of its case, which has asked who may see it."""
    rows = Appeal.objects.select_related("user", "first_decided_by", "sanction__case", "verification")
    return rows.filter(uid=uid).first()


def list_first_uids(*, uids: Collection[uuid.UUID]) -> dict[uuid.UUID, list[uuid.UUID]]:
    """Who decided before what is appealed, by appeal: one query."""
    rows = Appeal.objects.filter(uid__in=uids, first_decided_by__isnull=False)
    return {uid: [first] for uid, first in rows.values_list("uid", "first_decided_by__uid")}


def list_messages(*, appeal: Appeal) -> list[AppealMessage]:
    """What was said, the oldest first. The caller has got the appeal from a selector."""
    return list(AppealMessage.objects.filter(appeal=appeal).select_related("author").order_by("pk"))


def count_unanswered(*, appeal: Appeal, is_from_staff: bool) -> int:
    """How many words of one side stand since the other one spoke last."""
    n = 0
    for said_by_staff in (
        AppealMessage.objects.filter(appeal=appeal).order_by("-pk").values_list("is_from_staff", flat=True)
    ):
        if said_by_staff != is_from_staff:
            break
        n += 1
    return n
