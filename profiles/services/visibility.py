"""What people let others know of them."""

from __future__ import annotations

from collections.abc import Collection

from django.db import transaction

from pairly.common.after_commit import enqueue
from users.models import User

from .. import selectors
from ..errors import ProfileChanged
from ..models import Profile

SWITCHES = ("is_listed", "shows_online", "shows_last_seen", "shows_typing", "shows_read", "leaves_visits")


@transaction.atomic
def change_visibility(*, user: User, versions: Collection[str] | None = None, **switches: bool) -> Profile:
    """Turn switches of the caller's own profile; which there are is SWITCHES. It holds at once: lists follow in the
    same transaction (`sql/0003_listing.sql`), and open pages of others are told after it.

    `versions`: one of them must be the profile's (`selectors.version_of`). Raises NotFound, ProfileChanged.
    """
    unknown = set(switches) - set(SWITCHES)
    if unknown:
        raise TypeError(f"no such switch: {', '.join(sorted(unknown))}")
    profile = selectors.get_own_profile(user=user, for_update=True)
    if versions is not None and selectors.version_of(profile=profile) not in versions:
        raise ProfileChanged()
    changed = [name for name, value in switches.items() if getattr(profile, name) != value]
    if not changed:
        return profile
    for name in changed:
        setattr(profile, name, switches[name])
    profile.save(update_fields=[*changed, "updated_at"])
    if {"shows_online", "shows_last_seen"} & set(changed):
        enqueue(task="messaging.tell_presence", user_id=user.pk)
    return profile
