"""Addresses of pictures that are not for everyone: for one file, for one person, for minutes.

Apps show pictures with what cannot send their token. A browser needs none of this: its session is asked every time.
"""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.core.files.storage import FileSystemStorage
from django.core.signing import Signer
from django.utils.crypto import constant_time_compare

from users.models import User

from .constants import PICTURE_URL_S
from .models import Picture


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """Where a picture is to be had; `expires_at` None: always."""

    url: str
    expires_at: datetime | None = None


def link_to(*, picture: Picture, width: int, viewer: User | None) -> Link:
    """Address of the stored file of at least `width` pixels, else the largest, for `viewer`, who may see it.

    A bucket signs its own addresses, which work for whoever has them; ours (a folder of this machine) name the viewer,
    whose right is looked at again when they are used.
    """
    if picture.is_public:
        return Link(url=picture.url(width))
    until = int(time.time()) + PICTURE_URL_S
    expires_at = datetime.fromtimestamp(until, UTC)
    fitting = picture.fitting_width(width)
    if not isinstance(picture.storage, FileSystemStorage):
        return Link(url=picture.storage.url(picture.file_name(fitting)), expires_at=expires_at)
    if viewer is None:
        raise ValueError("a signed address is somebody's")
    values = {"for": str(viewer.uid), "until": str(until)}
    values["signature"] = _sign(picture.uid, fitting, values["for"], values["until"])
    return Link(url=f"{picture.url(fitting)}?{urlencode(values)}", expires_at=expires_at)


def find_viewer(*, picture_uid: uuid.UUID, width: int, values: dict[str, str]) -> uuid.UUID | None:
    """Whom a signed address was made for; None where `values`, its query, were not signed by us or are over."""
    viewer, until, signature = (values.get(name, "") for name in ("for", "until", "signature"))
    if not constant_time_compare(signature, _sign(picture_uid, width, viewer, until)):
        return None
    return uuid.UUID(viewer) if int(until) > time.time() else None


def _sign(picture_uid: uuid.UUID, width: int, viewer: str, until: str) -> str:
    """Of the whole address. The fields hold no "/" where we made them, and are compared as they came."""
    return Signer(salt="profiles.picture_links").signature(f"{picture_uid}/{width}/{viewer}/{until}")
