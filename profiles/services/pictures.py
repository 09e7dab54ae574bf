"""Pictures of profiles: stored as WebP in the widths that pages ask for, where their audience is served from.

A file is stored before the row that names it and deleted after the row is gone, so a row's files are always there.
What a crash leaves in between is a file that nothing names: `stray_files` sweeps it up.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

import structlog
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.db import IntegrityError, transaction
from django.db.models import Case, F, When
from django.utils.translation import gettext as _
from redis import RedisError

from pairly.common import redis as common_redis
from pairly.common.ids import uuid7
from pairly.common.problems import IdempotencyConflict, InvalidInput, NotFound, Problem
from users.models import User

from .. import picture_files, selectors
from ..constants import ALT_MAX, GALLERY_MAX, GALLERY_WIDTHS, PORTRAIT_WIDTHS, UPLOAD_CANCELLED_S
from ..errors import GalleryChanged, UploadCancelled, UploadFinished
from ..models import Picture, Profile, file_name, storage_for
from ..picture_files import Rendered

log = structlog.get_logger(__name__)

Kind, Audience = Picture.Kind, Picture.Audience
_WIDTHS = {Kind.PORTRAIT: PORTRAIT_WIDTHS, Kind.GALLERY: GALLERY_WIDTHS}


def add_picture(
    *,
    user: User,
    kind: Picture.Kind | str,
    data: bytes,
    alt: str = "",
    audience: Picture.Audience | str = Audience.EVERYONE,
    uid: uuid.UUID | None = None,
) -> Picture:
    """Give the caller's profile a picture: the portrait (replacing the old one) or one more for the gallery.

    `data` is a JPEG, PNG or WebP file; metadata is dropped. `uid`: the client's own name for this upload, which makes
    repeating it harmless (the picture that is there is returned) and lets it be called off. Raises NotFound without a
    profile, UploadCancelled, IdempotencyConflict (somebody else's uid), Overloaded, and InvalidInput: `/file` as
    `picture_files.render`; `/alt` length; `/audience` unknown, portrait; `/kind` unknown, too_many.
    """
    kind, audience = _check(kind, alt, audience)
    profile = selectors.get_own_profile(user=user)
    if uid is not None and (known := _find(profile, uid)) is not None:
        return known
    if kind is Kind.GALLERY and len(profile.whole_gallery) >= GALLERY_MAX:
        raise _too_many()
    rendered = picture_files.render(data=data, widths=_WIDTHS[kind], is_square=kind is Kind.PORTRAIT)
    picture = Picture(
        uid=uid or uuid7(),
        file_key=uuid7(),  # a client's uid may have been another upload's, whose files are being deleted
        kind=kind,
        alt=alt,
        audience=audience,
        width_px=rendered.width_px,
        height_px=rendered.height_px,
        widths=sorted(rendered.files),
    )
    picture.profile = profile
    names = picture.file_names
    try:
        # Before the row and outside its transaction: storing may take long, and a file that no row names is harmless.
        _store(picture.storage, dict(zip(names, _contents(rendered), strict=True)))
        stored = _insert(user=user, picture=picture)
    except Problem:  # whatever else happens, the row may have been committed: the sweeper knows
        _delete_files(picture.storage, names)
        raise
    if stored is not picture:
        _delete_files(picture.storage, names)
    return stored


def change_picture(*, user: User, uid: uuid.UUID, alt: str | None = None, audience: str | None = None) -> Picture:
    """Describe a picture of the caller's own anew, or show it to others; None leaves it as it is.

    Its files move with the audience: copied first, the old ones deleted after the commit, and another address either
    way. Must not run inside a transaction. Raises NotFound, and InvalidInput: `/alt` length; `/audience` unknown,
    portrait.
    """
    profile = selectors.get_own_profile(user=user)
    picture = _find(profile, uid)
    if picture is None:
        raise NotFound()
    _check(picture.kind, alt or "", audience or picture.audience)
    if audience is None or audience == picture.audience:
        return _update(picture, {} if alt is None else {"alt": alt})
    return _move_files(picture, audience=audience, changes={} if alt is None else {"alt": alt})


@transaction.atomic
def remove_picture(*, user: User, uid: uuid.UUID) -> None:
    """Remove a picture of the caller's own profile; its files go after the commit. Raises NotFound."""
    profile = selectors.get_own_profile(user=user, for_update=True)
    _remove(profile, _find(profile, uid))


@transaction.atomic
def remove_portrait(*, user: User) -> None:
    """Remove the caller's portrait. Raises NotFound, also where there is none."""
    profile = selectors.get_own_profile(user=user, for_update=True)
    _remove(profile, profile.portrait)


@transaction.atomic
def remove_from_gallery(*, user: User, index: int) -> None:
    """Remove the picture that stands at `index`, from 0, in the caller's whole gallery. Raises NotFound."""
    profile = selectors.get_own_profile(user=user, for_update=True)
    gallery = profile.whole_gallery
    _remove(profile, gallery[index] if index < len(gallery) else None)


@transaction.atomic
def order_gallery(*, user: User, uids: Sequence[uuid.UUID]) -> list[Picture]:
    """Put the caller's gallery into the order of `uids`, which must be exactly its pictures. Returns them.

    Raises NotFound without a profile, GalleryChanged.
    """
    profile = selectors.get_own_profile(user=user, for_update=True)
    by_uid = {one.uid: one for one in profile.whole_gallery}
    if len(uids) != len(by_uid) or set(uids) != set(by_uid):
        raise GalleryChanged()
    _place(profile, [by_uid[uid] for uid in uids])
    return [by_uid[uid] for uid in uids]


@transaction.atomic
def move_picture(*, user: User, uid: uuid.UUID, by: int) -> None:
    """Move a picture of the caller's gallery by so many places, negative towards the front, at most to an end.

    Raises NotFound.
    """
    profile = selectors.get_own_profile(user=user, for_update=True)
    gallery = profile.whole_gallery
    at = next((number for number, one in enumerate(gallery) if one.uid == uid), None)
    if at is None:
        raise NotFound()
    to = min(max(at + by, 0), len(gallery) - 1)
    gallery.insert(to, gallery.pop(at))
    _place(profile, gallery)


def cancel_upload(*, user: User, uid: uuid.UUID) -> None:
    """Call off an upload to the gallery by the name that the client gave it: what it stored goes, and what is still on
    its way will not be stored. A portrait that has arrived has taken the old one's place: UploadFinished. Raises
    NotFound without a profile.

    The note comes first, then the profile's lock: an upload either sees the note before it is stored, or is stored
    and found here.
    """
    try:
        common_redis.get_client().set(_cancel_key(user, uid), "1", ex=UPLOAD_CANCELLED_S)
    except RedisError as error:  # what is stored already is removed all the same
        log.warning("upload_cancel_unnoted", error=type(error).__name__)
    with transaction.atomic():
        profile = selectors.get_own_profile(user=user, for_update=True)
        picture = _find(profile, uid)
        if picture is None:
            return
        if picture.kind == Kind.PORTRAIT:
            raise UploadFinished()
        _remove(profile, picture)


def forget_files(*, instance: Picture, **_signal: Any) -> None:
    """Delete the files of a row that is about to go, after the commit; profiles and accounts take theirs along."""
    transaction.on_commit(partial(_delete_files, instance.storage, instance.file_names), robust=True)


def _move_files(picture: Picture, *, audience: str, changes: dict[str, Any]) -> Picture:
    old_storage, old_names, old_key = picture.storage, picture.file_names, picture.file_key
    new_storage, new_key = storage_for(audience=audience), uuid7()
    owner = picture.profile.user.uid
    new_names = [file_name(owner=owner, picture=new_key, width=width) for width in picture.widths]
    try:
        for old, new in zip(old_names, new_names, strict=True):
            with old_storage.open(old) as file:
                new_storage.save(new, ContentFile(file.read()))
        with transaction.atomic():
            # Whoever moved or removed it meanwhile has the last word.
            moved = _update(
                picture,
                {**changes, "audience": audience, "file_key": new_key},
                file_key=old_key,
                audience=picture.audience,
            )
            transaction.on_commit(partial(_delete_files, old_storage, old_names), robust=True)
        return moved
    except FileNotFoundError as error:  # removed, or moved, since we looked
        _delete_files(new_storage, new_names)
        raise NotFound() from error
    except Problem:
        _delete_files(new_storage, new_names)
        raise


@transaction.atomic
def _update(picture: Picture, changes: dict[str, Any], **still: Any) -> Picture:
    """Change the row if it is there and `still` as it was. Raises NotFound."""
    profile = picture.profile
    profile.save(update_fields=["updated_at"])  # another version of the profile, see selectors.version_of
    if changes and not Picture.objects.filter(pk=picture.pk, **still).update(**changes):
        raise NotFound()
    for name, value in changes.items():
        setattr(picture, name, value)
    return picture


@transaction.atomic
def _insert(*, user: User, picture: Picture) -> Picture:
    profile = selectors.get_own_profile(user=user, for_update=True)  # one picture of a profile at a time
    if (known := _find(profile, picture.uid)) is not None:  # the same upload, sent twice at once
        return known
    if _is_cancelled(user, picture.uid):
        raise UploadCancelled()
    if picture.kind == Kind.PORTRAIT:
        if profile.portrait is not None:
            profile.portrait.delete()
    else:
        picture.position = _free_position(profile)
    picture.profile = profile
    profile.save(update_fields=["updated_at"])
    try:
        with transaction.atomic():
            picture.save(force_insert=True)
    except IntegrityError as error:  # the client's name for it is somebody else's
        raise IdempotencyConflict() from error
    return picture


def _remove(profile: Profile, picture: Picture | None) -> None:
    if picture is None:
        raise NotFound()
    picture.delete()
    profile.save(update_fields=["updated_at"])


def _place(profile: Profile, gallery: Sequence[Picture]) -> None:
    """Number the pictures from 0. In two steps, by way of places that nothing else takes: two may not share one."""
    rows = Picture.objects.filter(profile=profile, kind=Kind.GALLERY)
    rows.update(position=F("position") + GALLERY_MAX)
    rows.update(position=Case(*(When(pk=one.pk, then=number) for number, one in enumerate(gallery))))
    profile.save(update_fields=["updated_at"])
    for number, one in enumerate(gallery):
        one.position = number


def _free_position(profile: Profile) -> int:
    taken = {one.position for one in profile.whole_gallery}
    free = sorted(set(range(GALLERY_MAX)) - taken)
    if not free:
        raise _too_many()
    after = max(taken, default=-1) + 1
    return after if after in free else free[0]


def _find(profile: Profile, uid: uuid.UUID) -> Picture | None:
    return next((one for one in profile.pictures.all() if one.uid == uid), None)


def _cancel_key(user: User, uid: uuid.UUID) -> str:
    return common_redis.key("upload-cancelled", str(user.pk), str(uid))


def _is_cancelled(user: User, uid: uuid.UUID) -> bool:
    try:
        return bool(common_redis.get_client().exists(_cancel_key(user, uid)))
    except RedisError:
        return False


def _contents(rendered: Rendered) -> list[bytes]:
    return [rendered.files[width] for width in sorted(rendered.files)]


def _store(storage: Storage, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        storage.save(name, ContentFile(content))


def _delete_files(storage: Storage, names: list[str]) -> None:
    for name in names:
        storage.delete(name)


def _check(kind: str, alt: str, audience: str) -> tuple[Picture.Kind, Picture.Audience]:
    errors = []
    if kind not in Kind.values:
        errors.append(_row("kind", "unknown", _("This is neither a portrait nor a gallery picture.")))
    if len(alt) > ALT_MAX:
        errors.append(_row("alt", "length", _("Describe the picture in at most 200 characters.")))
    if audience not in Audience.values:
        errors.append(_row("audience", "unknown", _("Choose who sees the picture.")))
    elif kind == Kind.PORTRAIT and audience != Audience.EVERYONE:
        errors.append(_row("audience", "portrait", _("A portrait is for everyone.")))
    if errors:
        raise InvalidInput(errors=errors)
    return Kind(kind), Audience(audience)


def _too_many() -> InvalidInput:
    text = _("A gallery holds at most %(most)d pictures; remove one first.") % {"most": GALLERY_MAX}
    return InvalidInput(errors=[_row("kind", "too_many", text)])


def _row(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": code, "detail": detail}
