"""Signed addresses of bought pictures: for one file, for one person, for minutes.

Apps show pictures with what cannot send their token; a browser's session is asked every time. They always lead to us,
also where a bucket could sign its own: the right to see is looked at when they are used, and a refund ends it at once.
"""

from __future__ import annotations

import time
import uuid
from datetime import UTC, datetime
from urllib.parse import urlencode

from django.core.signing import Signer
from django.urls import reverse
from django.utils.crypto import constant_time_compare

from users.models import User

from ..models import ShopFile, Unlock
from .constants import FILE_URL_S
from .types import Link


def link_to(*, unlock: Unlock, file: ShopFile, width: int, viewer: User) -> Link:
    """The signed address of a picture in `width` for `viewer`, who bought it."""
    until = int(time.time()) + FILE_URL_S
    values = {"for": str(viewer.uid), "until": str(until)}
    values["signature"] = _sign(unlock.uid, file.uid, width, values["for"], values["until"])
    path = reverse("payments:library-file", args=[unlock.uid, file.uid, width])
    return Link(url=f"{path}?{urlencode(values)}", expires_at=datetime.fromtimestamp(until, UTC))


def find_viewer(*, unlock_uid: uuid.UUID, file_uid: uuid.UUID, width: int, values: dict[str, str]) -> uuid.UUID | None:
    """Whom a signed address was made for; None where `values`, its query, were not signed by us or are over."""
    viewer, until, signature = (values.get(name, "") for name in ("for", "until", "signature"))
    if not constant_time_compare(signature, _sign(unlock_uid, file_uid, width, viewer, until)):
        return None
    return uuid.UUID(viewer) if int(until) > time.time() else None


def _sign(unlock_uid: uuid.UUID, file_uid: uuid.UUID, width: int, viewer: str, until: str) -> str:
    """Of the whole address. The fields hold no "/" where we made them, and are compared as they came."""
    return Signer(salt="payments.shop.links").signature(f"{unlock_uid}/{file_uid}/{width}/{viewer}/{until}")
