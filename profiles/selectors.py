"""Reads of profiles; what stands between two people hides them from each other."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from pairly.common.problems import NotFound
from users.models import Block, Restriction, User

from .models import Profile


def find_own_profile(*, user: User) -> Profile | None:
    return Profile.objects.filter(user=user).first()


def get_own_profile(*, user: User, for_update: bool = False) -> Profile:
    """The caller's profile; raises NotFound."""
    rows = Profile.objects.select_for_update() if for_update else Profile.objects.all()
    profile = rows.filter(user=user).first()
    if profile is None:
        raise NotFound()
    return profile


def version_of(*, profile: Profile) -> str:
    """The ETag of a profile, with its quotes."""
    return f'"{hashlib.sha256(f"{profile.pk}|{profile.updated_at.isoformat()}".encode()).hexdigest()[:16]}"'


def _visible(user: User | None) -> QuerySet[Profile]:
    """Profiles of active people that no restriction hides and no block, in either direction, keeps from `user`."""
    hidden = Restriction.objects.filter(
        Q(until__isnull=True) | Q(until__gt=Now()),
        user=OuterRef("user"),
        kind__in=["hide", "suspension"],
        lifted_at__isnull=True,
    )
    rows = Profile.objects.select_related("user").filter(~Exists(hidden), user__is_active=True)
    if user is None or not user.is_authenticated:
        return rows
    blocked = Block.objects.filter(
        Q(blocker=user, blocked=OuterRef("user")) | Q(blocker=OuterRef("user"), blocked=user)
    )
    return rows.filter(~Exists(blocked))


def get_profile(*, user: User | None, uid: uuid.UUID) -> Profile:
    """A profile as `user` (None: anyone) may see it; raises NotFound."""
    profile = _visible(user).filter(user__uid=uid).first()
    if profile is None:
        raise NotFound()
    return profile


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscoverFilter:
    """What the visitor asked for; prices in hundredths of a credit."""

    q: str = ""
    min_price: int | None = None
    max_price: int | None = None


def list_creators(*, user: User | None, wanted: DiscoverFilter | None = None) -> QuerySet[Profile]:
    """Creators that `user` may see, unordered."""
    wanted = wanted or DiscoverFilter()
    rows = _visible(user).filter(user__role=User.Role.CREATOR)
    if wanted.q:
        rows = rows.filter(Q(display_name__icontains=wanted.q) | Q(bio__icontains=wanted.q))
    if wanted.min_price is not None:
        rows = rows.filter(price_per_message_centi__gte=wanted.min_price)
    if wanted.max_price is not None:
        rows = rows.filter(price_per_message_centi__lte=wanted.max_price)
    return rows
