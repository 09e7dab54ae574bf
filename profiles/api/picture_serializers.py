from __future__ import annotations

from typing import Any

from rest_framework import serializers

from users.models import User

from .. import picture_links
from ..constants import ALT_MAX, GALLERY_MAX
from ..models import Picture


class UploadIn(serializers.Serializer[None]):
    file = serializers.FileField(
        allow_empty_file=True, help_text="a JPEG, PNG or WebP picture of at most 10 MB and 40 megapixels"
    )
    alt = serializers.CharField(
        max_length=ALT_MAX, required=False, default="", allow_blank=True, help_text="what it shows, in words"
    )
    upload_id = serializers.UUIDField(
        required=False,
        help_text="your own name for this upload: sent again, it adds nothing, and it can be called off by it",
    )


class GalleryUploadIn(UploadIn):
    audience = serializers.ChoiceField(
        choices=Picture.Audience.choices, required=False, default=Picture.Audience.EVERYONE
    )


class PictureIn(serializers.Serializer[None]):
    alt = serializers.CharField(max_length=ALT_MAX, required=False, allow_blank=True)
    audience = serializers.ChoiceField(choices=Picture.Audience.choices, required=False)


class OrderIn(serializers.Serializer[None]):
    uids = serializers.ListField(
        child=serializers.UUIDField(), max_length=GALLERY_MAX, help_text="all pictures of the gallery, in the new order"
    )


class PictureFileOut(serializers.Serializer[None]):
    width = serializers.IntegerField(help_text="pixels")
    url = serializers.CharField()


class PictureOut(serializers.Serializer[dict[str, Any]]):
    """A picture for one viewer. Addresses of what is for connections only are signed and work until `expires_at`."""

    uid = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Picture.Kind.choices)
    index = serializers.IntegerField(allow_null=True, help_text="its place in the owner's gallery, from 0")
    alt = serializers.CharField()
    audience = serializers.ChoiceField(choices=Picture.Audience.choices)
    width_px = serializers.IntegerField(help_text="of the largest file")
    height_px = serializers.IntegerField(help_text="of the largest file")
    url = serializers.CharField(help_text="the largest file, WebP; an absolute path, or of the bucket or CDN")
    files = PictureFileOut(many=True)
    expires_at = serializers.DateTimeField(allow_null=True)


def picture_document(*, picture: Picture, viewer: User) -> dict[str, Any]:
    """A picture as `viewer`, who may see it, gets it."""
    links = {width: picture_links.link_to(picture=picture, width=width, viewer=viewer) for width in picture.widths}
    largest = links[picture.widths[-1]]
    is_in_gallery = picture.kind == Picture.Kind.GALLERY
    gallery = [one.pk for one in picture.profile.whole_gallery] if is_in_gallery else []
    return {
        "uid": picture.uid,
        "kind": picture.kind,
        "index": gallery.index(picture.pk) if is_in_gallery else None,
        "alt": picture.alt,
        "audience": picture.audience,
        "width_px": picture.width_px,
        "height_px": picture.height_px,
        "url": largest.url,
        "files": [{"width": width, "url": link.url} for width, link in links.items()],
        "expires_at": largest.expires_at,
    }
