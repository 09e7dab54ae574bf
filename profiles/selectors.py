"""Reads of profiles; what stands between two people hides them from each other."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.db.models.lookups import IContains

from pairly.common.problems import NotFound
from users.models import Block, Restriction, User

from .constants import SORTS
from .models import Profile, joined


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
    return Profile.objects.select_related("user").prefetch_related("pictures")


def shown_profile(*, user: User) -> Profile:
    """How to name someone to a person they already write with, hidden or not: the profile or, where there is none
    any more, an unsaved one that says no more than the account's name and costs nothing.
    """
    profile: Profile | None = getattr(user, "profile", None)
    return profile or Profile(user=user, display_name=user.name)


def version_of(*, profile: Profile) -> str:
    """What `If-Match` names (`pairly.common.etags`): another with every change of the profile."""
    return hashlib.sha256(f"{profile.pk}|{profile.updated_at.isoformat()}".encode()).hexdigest()[:16]


def _visible(user: User | None) -> QuerySet[Profile]:
    """Profiles of active people that no restriction hides and no block, in either direction, keeps from `user`."""
    hidden = Restriction.objects.filter(
        Q(until__isnull=True) | Q(until__gt=Now()),
        user=OuterRef("user"),
        kind__in=["hide", "suspension"],
        lifted_at__isnull=True,
    )
    rows = _with_pictures().filter(~Exists(hidden), user__is_active=True)
    if user is None:
        return rows
    blocked = Block.objects.filter(
        Q(blocker=user, blocked=OuterRef("user")) | Q(blocker=OuterRef("user"), blocked=user)
    )
    return rows.filter(~Exists(blocked))


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


@dataclass(frozen=True, kw_only=True, slots=True)
class DiscoverFilter:
    """What the visitor asked for: `q` anywhere in the texts, `topic` exactly; prices in hundredths of a credit."""

    q: str = ""
    topic: str = ""
    min_price: int | None = None
    max_price: int | None = None


def list_creators(*, user: User | None, wanted: DiscoverFilter | None = None) -> QuerySet[Profile]:
    """Creators that `user` may see, unordered."""
    wanted = wanted or DiscoverFilter()
    rows = _visible(user).filter(user__role=User.Role.CREATOR)
    if wanted.q:
        rows = rows.filter(_mentions(wanted.q))
    if wanted.topic:
        rows = rows.filter(topics__contains=[wanted.topic.strip().lower()])
    if wanted.min_price is not None:
        rows = rows.filter(price_per_message_centi__gte=wanted.min_price)
    if wanted.max_price is not None:
        rows = rows.filter(price_per_message_centi__lte=wanted.max_price)
    return rows


def _mentions(text: str) -> Q:
    names = ("display_name", "headline", "bio", "city")
    found = Q(IContains(joined(name="topics"), text))
    for name in names:
        found |= Q((f"{name}__icontains", text))
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class CreatorPage:
    """One page of creators; `after` continues it, "" at the end."""

    rows: list[Profile]
    after: str = ""


def get_creator_page(
    *, user: User | None, wanted: DiscoverFilter, sort: str = "newest", after: str = "", size: int = 24
) -> CreatorPage:
    """Creators in the order `sort` (a key of SORTS), from the cursor `after` of the page before; a foreign one is
    ignored. The cursor is the last row's place in that order, so no query grows with the number of the page.
    """
    rows = list_creators(user=user, wanted=wanted).order_by(*SORTS[sort])
    if place := re.fullmatch(r"([0-9]{1,10})-([0-9]{1,18})", after):
        rows = rows.filter(_is_after(sort=sort, price_centi=int(place[1]), pk=int(place[2])))
    found = list(rows[: size + 1])
    if len(found) <= size:
        return CreatorPage(rows=found)
    last = found[size - 1]
    return CreatorPage(rows=found[:size], after=f"{last.price_per_message_centi}-{last.pk}")


def _is_after(*, sort: str, price_centi: int, pk: int) -> Q:
    if sort == "newest":
        return Q(pk__lt=pk)
    further = "lt" if sort.startswith("-") else "gt"
    same_price = Q(price_per_message_centi=price_centi, pk__lt=pk)
    return Q((f"price_per_message_centi__{further}", price_centi)) | same_price
