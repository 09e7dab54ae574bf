"""Pictures of profiles: read once, stored as WebP in the widths that pages ask for, and nothing else kept."""

from __future__ import annotations

import io
import uuid
from dataclasses import dataclass
from typing import Any

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from pairly.common.ids import uuid7
from pairly.common.problems import InvalidInput, NotFound
from users.models import User

from .. import selectors
from ..constants import (
    ALT_MAX,
    GALLERY_MAX,
    GALLERY_WIDTHS,
    PICTURE_FORMATS,
    PICTURE_MAX_BYTES,
    PICTURE_MAX_PIXELS,
    PICTURE_MAX_RATIO,
    PICTURE_MIN_SIDE_PX,
    PORTRAIT_WIDTHS,
)
from ..models import Picture, Profile, file_name

_QUALITY = 82


@dataclass(frozen=True, kw_only=True, slots=True)
class _Rendered:
    """A picture as it is stored: WebP by width, ascending."""

    files: dict[int, bytes]
    height_px: int

    @property
    def width_px(self) -> int:
        return max(self.files)


def add_picture(*, user: User, kind: Picture.Kind | str, data: bytes, alt: str = "") -> Picture:
    """Give the caller's profile a picture: the portrait (replacing the old one) or one more for the gallery.

    `data` is a JPEG, PNG or WebP file; metadata is dropped. Raises NotFound without a profile, and InvalidInput:
    `/data` too_large, unreadable, too_many_pixels, too_small, shape; `/alt` length; `/kind` unknown, too_many.
    """
    kind = _check(kind, data, alt)
    profile = selectors.get_own_profile(user=user)
    if kind is Picture.Kind.GALLERY and len(profile.gallery) >= GALLERY_MAX:
        raise _too_many()
    rendered = _render(_open(data), kind)
    uid = uuid7()
    names = {width: file_name(owner=user.uid, picture=uid, width=width) for width in rendered.files}
    try:
        # Before the row and outside its transaction: storing may take long, and a file that no row names is harmless.
        for width, content in rendered.files.items():
            default_storage.save(names[width], ContentFile(content))
        return _insert(user=user, uid=uid, kind=kind, alt=alt, rendered=rendered)
    except BaseException:
        _delete_files(list(names.values()))
        raise


@transaction.atomic
def remove_picture(*, user: User, uid: uuid.UUID) -> None:
    """Remove a picture of the caller's own profile; its files go after the commit. Raises NotFound."""
    profile = selectors.get_own_profile(user=user, for_update=True)
    picture = next((one for one in profile.pictures.all() if one.uid == uid), None)
    if picture is None:
        raise NotFound()
    picture.delete()
    profile.save(update_fields=["updated_at"])


def forget_files(*, instance: Picture, **_signal: Any) -> None:
    """Delete the files of a row that is about to go, after the commit; profiles and accounts take theirs along."""
    names = instance.file_names
    transaction.on_commit(lambda: _delete_files(names))


def _delete_files(names: list[str]) -> None:
    for name in names:
        default_storage.delete(name)


@transaction.atomic
def _insert(*, user: User, uid: uuid.UUID, kind: Picture.Kind, alt: str, rendered: _Rendered) -> Picture:
    profile = selectors.get_own_profile(user=user, for_update=True)  # one picture of a profile at a time
    position = 0
    if kind is Picture.Kind.PORTRAIT:
        if profile.portrait is not None:
            profile.portrait.delete()
    else:
        position = _free_position(profile)
    profile.save(update_fields=["updated_at"])  # another version of the profile, see selectors.version_of
    return Picture.objects.create(
        uid=uid,
        profile=profile,
        kind=kind,
        position=position,
        alt=alt,
        width_px=rendered.width_px,
        height_px=rendered.height_px,
        widths=sorted(rendered.files),
    )


def _free_position(profile: Profile) -> int:
    taken = {one.position for one in profile.gallery}
    free = sorted(set(range(GALLERY_MAX)) - taken)
    if not free:
        raise _too_many()
    after = max(taken, default=-1) + 1
    return after if after in free else free[0]


def _check(kind: str, data: bytes, alt: str) -> Picture.Kind:
    errors = []
    if kind not in Picture.Kind.values:
        errors.append(_row("kind", "unknown", _("This is neither a portrait nor a gallery picture.")))
    if len(data) > PICTURE_MAX_BYTES:
        errors.append(_row("data", "too_large", _("Choose a picture of at most 10 MB.")))
    if len(alt) > ALT_MAX:
        errors.append(_row("alt", "length", _("Describe the picture in at most 200 characters.")))
    if errors:
        raise InvalidInput(errors=errors)
    return Picture.Kind(kind)


def _open(data: bytes) -> Image.Image:
    """The picture, upright, in RGB or RGBA, and without anything that came along with it."""
    try:
        # Lazy: the size is known before a pixel is decoded.
        image: Image.Image = Image.open(io.BytesIO(data), formats=PICTURE_FORMATS)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels() from error
    except Exception as error:  # parsers meet arbitrary bytes: whatever they raise, the file is at fault
        raise _unreadable() from error
    _check_size(*image.size)
    try:
        image = ImageOps.exif_transpose(image)
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    except Exception as error:  # as above, now from the decoders
        raise _unreadable() from error
    image.info.clear()
    return image


def _check_size(width: int, height: int) -> None:
    if width * height > PICTURE_MAX_PIXELS:
        raise _too_many_pixels()
    if min(width, height) < PICTURE_MIN_SIDE_PX:
        raise _refused("too_small", _("Choose a picture of at least 64 pixels each way."))
    if max(width, height) > PICTURE_MAX_RATIO * min(width, height):
        raise _refused("shape", _("Choose a picture that is at most four times as long as wide."))


def _render(image: Image.Image, kind: Picture.Kind) -> _Rendered:
    wanted: tuple[int, ...] = GALLERY_WIDTHS
    if kind is Picture.Kind.PORTRAIT:
        wanted, side = PORTRAIT_WIDTHS, min(image.size)
        image = ImageOps.fit(image, (side, side))
    largest = min(image.width, wanted[-1])  # never larger than it came
    files = {width: _webp(image, width) for width in (*(one for one in wanted if one < largest), largest)}
    return _Rendered(files=files, height_px=_height(image, largest))


def _height(image: Image.Image, width: int) -> int:
    return max(1, round(image.height * width / image.width))


def _webp(image: Image.Image, width: int) -> bytes:
    sheet = io.BytesIO()
    size = (width, _height(image, width))
    small = image if size == image.size else image.resize(size, Image.Resampling.LANCZOS)
    small.save(sheet, "WEBP", quality=_QUALITY, method=4)
    return sheet.getvalue()


def _unreadable() -> InvalidInput:
    return _refused("unreadable", _("This is not a JPEG, PNG or WebP picture, or it is damaged."))


def _too_many_pixels() -> InvalidInput:
    return _refused("too_many_pixels", _("Choose a picture of at most 40 megapixels."))


def _too_many() -> InvalidInput:
    text = _("A gallery holds at most %(most)d pictures; remove one first.") % {"most": GALLERY_MAX}
    return InvalidInput(errors=[_row("kind", "too_many", text)])


def _refused(code: str, detail: str) -> InvalidInput:
    return InvalidInput(errors=[_row("data", code, detail)])


def _row(name: str, code: str, detail: str) -> dict[str, str]:
    return {"pointer": f"/{name}", "code": code, "detail": detail}
