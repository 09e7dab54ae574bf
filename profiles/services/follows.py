"""Following creators."""

from __future__ import annotations

import uuid

from django.db import transaction

from users.models import User
from users.services.notifications import notify

from ..models import Follow
from . import pairs


@transaction.atomic
def follow(*, user: User, uid: uuid.UUID) -> bool:
    """Follow a creator, who is told of it once; says whether it is new. Raises NotFound for who is no creator, oneself
    and people whom `user` may not see.
    """
    creator = pairs.hold(user=user, uid=uid, creators_only=True).user
    _follow, is_new = Follow.objects.get_or_create(follower=user, followed=creator)
    if is_new:
        key = f"follow:{user.uid}"  # they may come and go: it is told once
        notify(user=creator, kind="follow", actor=user, payload={"user_id": str(user.uid)}, key=key)
    return is_new


def unfollow(*, user: User, uid: uuid.UUID) -> None:
    """Follow somebody no more; nothing happens where one did not, whoever that is. They are not told."""
    Follow.objects.filter(follower=user, followed__uid=uid).delete()
