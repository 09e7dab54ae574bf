"""A person's profile and pictures in the copy of their data, and their end."""

from __future__ import annotations

from collections.abc import Iterator

from django.core.files.storage import default_storage

from users.models import User
from users.types import ExportWriter

from .. import selectors
from ..models import Profile

_FIELDS = (
    "display_name", "headline", "bio", "city", "country", "languages", "topics", "price_per_message_centi",
    "reply_window_hours", "created_at", "updated_at",
)  # fmt: skip


def export(*, user: User, out: ExportWriter) -> None:
    """The texts, and each picture in its largest width."""
    profile = selectors.find_own_profile(user=user)
    if profile is None:
        return
    document = {name: getattr(profile, name) for name in _FIELDS}
    pictures = [one for one in [profile.portrait, *profile.gallery] if one]
    document["pictures"] = [
        {"file": f"pictures/{one.uid}.webp", "kind": one.kind, "alt": one.alt, "created_at": one.created_at}
        for one in pictures
    ]
    out.document("profile/profile", document)
    for one in pictures:
        if default_storage.exists(one.file_names[-1]):
            out.file(f"profile/pictures/{one.uid}.webp", _chunks(one.file_names[-1]))


def erase(*, user: User) -> None:
    """The profile goes with its pictures, whose files go after the commit (`pictures.forget_files`)."""
    Profile.objects.filter(user=user).delete()


def _chunks(name: str) -> Iterator[bytes]:
    with default_storage.open(name) as file:
        yield from file.chunks()
