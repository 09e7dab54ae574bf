"""Two people at once: what one does about the other, and a block between them, take turns."""

from __future__ import annotations

import uuid

from django.db import connection

from pairly.common.problems import NotFound
from users.models import User

from .. import selectors
from ..models import Profile


def hold(*, user: User, uid: uuid.UUID, creators_only: bool = False) -> Profile:
    """The profile of `uid` as `user` may see it, the pair held until the transaction ends.

    Needs a transaction. Whoever holds the pair sees a block that is committed, and one that comes later finds what was
    written here (`end_everything_between` in `connections`). Raises NotFound: nobody there, oneself, hidden, blocked.
    """
    get = selectors.get_creator if creators_only else selectors.get_profile
    profile = get(user=user, uid=uid)
    if profile.user_id == user.pk:
        raise NotFound()
    take_turns(user, profile.user)
    return get(user=user, uid=uid)


def take_turns(one: User, other: User) -> None:
    """Wait for whoever does something about these two, in either direction, and hold the next up. For transactions."""
    low, high = sorted((one.pk, other.pk))
    _lock(f"profiles.pair:{low}:{high}")


def take_turns_alone(*, user: User, what: str) -> None:
    """As `take_turns`, for what one person does; taken before the pair's, so that nobody waits in a circle."""
    _lock(f"profiles.{what}:{user.pk}")


def _lock(name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])
