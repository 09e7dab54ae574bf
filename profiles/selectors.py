"""Reads of profiles; what stands between two people hides them from each other."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection

from django.db.models import BooleanField, QuerySet
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from pairly.common.problems import NotFound
from users.models import User

from .models import Profile, SavedSearch
from .visibility import visible_sql


def find_own_profile(*, user: User) -> Profile | None:
    """The caller's profile, unless it was deleted."""
    return _with_pictures().filter(user=user).first()


def get_own_profile(*, user: User, for_update: bool = False) -> Profile:
    """The caller's profile, hidden or not; raises NotFound. `for_update` locks its row, inside a transaction."""
    rows = _with_pictures()
    if for_update:
        rows = rows.select_for_update(of=("self",))
    profile = rows.filter(user=user).first()
    if profile is None:
        raise NotFound()
    return profile


def _with_pictures() -> QuerySet[Profile]:
    return Profile.objects.select_related("user", "facts").prefetch_related("pictures")


def shown_profile(*, user: User) -> Profile:
    """How to name someone to a person they already write with, hidden or not: the profile or, where there is none
    any more, an unsaved one that says no more than the account's name and costs nothing.
    """
    profile: Profile | None = getattr(user, "profile", None)
    return profile or Profile(user=user, display_name=user.name)


def is_visible(*, user: User, other: User) -> bool:
    """Whether `user` may see the profile of `other`."""
    return _visible(user).filter(user=other).exists()


def display_names(*, user_ids: Collection[int]) -> dict[int, str]:
    """How these people call themselves, hidden or not; who has no profile is left out."""
    return dict(Profile.objects.filter(user_id__in=user_ids).values_list("user_id", "display_name"))


def shows_typing(*, user: User) -> bool:
    """Whether others may see `user` type."""
    return not Profile.objects.filter(user=user, shows_typing=False).exists()


def share_reading(*, user_ids: Collection[int]) -> bool:
    """Whether these people learn of each other what was read: each of them shows it."""
    return not Profile.objects.filter(user_id__in=user_ids, shows_read=False).exists()


def version_of(*, profile: Profile) -> str:
    """What `If-Match` names (`pairly.common.etags`): another with every change of the profile."""
    return hashlib.sha256(f"{profile.pk}|{profile.updated_at.isoformat()}".encode()).hexdigest()[:16]


_SEEN = visible_sql(column='"profiles_profile"."user_id"').replace("%(viewer)s", "%s")


def _visible(user: User | None) -> QuerySet[Profile]:
    """Profiles of active people that no restriction hides and no block, in either direction, keeps from `user`."""
    viewer = user.pk if user else None
    # The rules as SQL: to build them from parts takes longer than to look somebody up.
    seen = RawSQL(_SEEN, [viewer, viewer], output_field=BooleanField())  # noqa: S611 - a constant
    return _with_pictures().filter(seen, user__is_active=True)


def get_profile(*, user: User | None, uid: uuid.UUID) -> Profile:
    """A profile as `user` (None: anyone) may see it; raises NotFound. One's own is always there for oneself."""
    if user is not None and user.uid == uid:
        return get_own_profile(user=user)
    profile = _visible(user).filter(user__uid=uid).first()
    if profile is None:
        raise NotFound()
    return profile


def get_creator(*, user: User | None, uid: uuid.UUID) -> Profile:
    """As `get_profile`, for creators only: a fan has no public page. Raises NotFound."""
    profile = get_profile(user=user, uid=uid)
    if not profile.user.is_creator:
        raise NotFound()
    return profile


# -- discovery
def list_searches(*, user: User) -> QuerySet[SavedSearch]:
    """One's saved searches, by name."""
    return SavedSearch.objects.filter(owner=user).order_by(Lower("name"))


def get_search(*, user: User, uid: uuid.UUID) -> SavedSearch:
    """One's own saved search; raises NotFound."""
    search = SavedSearch.objects.filter(owner=user, pk=uid).first()
    if search is None:
        raise NotFound()
    return search
