"""What the tests of people who know each other share."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from profiles import social_selectors
from profiles.models import Profile
from users.models import Block, Notification, User
from users.registry import run_block_hooks


def block(blocker: User, blocked: User) -> None:
    """As the block service does it: the row, and everything that hangs on it."""
    with transaction.atomic():
        Block.objects.create(blocker=blocker, blocked=blocked)
        run_block_hooks(blocker=blocker, blocked=blocked)


def stage(user: User, other: User) -> str:
    """What `user` is shown of a connection with `other`."""
    profile = Profile.objects.select_related("user").get(user=other)
    standing = social_selectors.find_standing(user=user, profile=profile)
    return standing.connection if standing else ""


def told(user: User) -> list[tuple[str, Any]]:
    """Kinds and payloads of what `user` was told of, the oldest first."""
    return list(Notification.objects.filter(user=user).order_by("pk").values_list("kind", "payload"))
