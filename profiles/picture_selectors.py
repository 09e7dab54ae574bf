"""Reads of pictures: whom each is for."""

from __future__ import annotations

import uuid

from django.db.models import Q

from pairly.common.problems import NotFound
from users.models import User

from . import selectors
from .models import Connection, Picture, Profile


def list_gallery(*, user: User | None, profile: Profile) -> list[Picture]:
    """The gallery of a profile that `user` may see, in its order: what is for everyone, and to its owner and the
    owner's connections the rest.
    """
    whole = profile.whole_gallery
    if all(one.is_public for one in whole) or _sees_all(user=user, owner=profile.user):
        return whole
    return profile.gallery


def list_pictures(*, user: User | None, uid: uuid.UUID) -> list[Picture]:
    """Someone's portrait and `list_gallery`. Raises NotFound, as for their profile."""
    profile = selectors.get_profile(user=user, uid=uid)
    return [*([profile.portrait] if profile.portrait else []), *list_gallery(user=user, profile=profile)]


def get_own_picture(*, user: User, uid: uuid.UUID) -> Picture:
    """A picture of the caller's own profile. Raises NotFound."""
    profile = selectors.get_own_profile(user=user)
    for picture in profile.pictures.all():
        if picture.uid == uid:
            return picture
    raise NotFound()


def get_shown_picture(*, user: User | None, uid: uuid.UUID) -> Picture:
    """A picture that `user` (None: anyone) may see now. Raises NotFound."""
    picture = Picture.objects.select_related("profile__user").filter(uid=uid).first()
    if picture is None:
        raise NotFound()
    owner = picture.profile.user
    selectors.get_profile(user=user, uid=owner.uid)  # hidden, blocked, gone
    if not picture.is_public and not _sees_all(user=user, owner=owner):
        raise NotFound()
    return picture


def _sees_all(*, user: User | None, owner: User) -> bool:
    if user is None:
        return False
    pair = Q(asker=user, asked=owner) | Q(asker=owner, asked=user)
    return user.pk == owner.pk or Connection.objects.filter(pair, state=Connection.State.ACCEPTED).exists()
