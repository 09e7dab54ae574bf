"""Reads of banned networks, for staff who may ban."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from pairly.common.problems import NotFound

from .models import IpBan

STATES = ("standing", "expired", "lifted")


@dataclass(frozen=True, kw_only=True, slots=True)
class BanRow:
    """A ban; `banned_by_uid` is None where the limits did it. `state`: standing, expired or lifted."""

    id: int
    uid: uuid.UUID
    network: str
    reason: str
    created_at: datetime
    until: datetime
    lifted_at: datetime | None
    banned_by_uid: uuid.UUID | None
    lifted_by_uid: uuid.UUID | None
    state: str


def list_bans(*, limit: int, before_id: int | None = None, standing: bool = False) -> list[BanRow]:
    """The newest first, before `before_id` if given; `standing`: only those that hold now. One query."""
    rows = IpBan.objects.order_by("-pk")
    if standing:
        rows = rows.filter(lifted_at=None, until__gt=timezone.now())
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return [_row(ban) for ban in rows[:limit]]


def get_ban(*, uid: uuid.UUID) -> BanRow:
    """Raises NotFound."""
    ban = IpBan.objects.filter(uid=uid).first()
    if ban is None:
        raise NotFound
    return _row(ban)


def count_standing() -> int:
    """How many networks are banned now."""
    return IpBan.objects.filter(lifted_at=None, until__gt=timezone.now()).count()


def _row(ban: IpBan) -> BanRow:
    if ban.lifted_by_uid is not None:
        state = "lifted"
    elif ban.until <= timezone.now():
        state = "expired"
    else:
        state = "standing"
    return BanRow(
        id=ban.pk,
        uid=ban.uid,
        network=ban.network.removesuffix("/32"),
        reason=ban.reason,
        created_at=ban.created_at,
        until=ban.until,
        lifted_at=ban.lifted_at,
        banned_by_uid=ban.banned_by_uid,
        lifted_by_uid=ban.lifted_by_uid,
        state=state,
    )
