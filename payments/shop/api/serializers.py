from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from users.models import User

from ...models import ShopFile, ShopItem, Unlock
from .. import files, links, pictures
from ..constants import DESCRIPTION_MAX, TITLE_MAX


class ItemIn(serializers.Serializer[None]):
    title = serializers.CharField(max_length=TITLE_MAX)
    description = serializers.CharField(max_length=DESCRIPTION_MAX, required=False, default="", allow_blank=True)
    price_centi = serializers.IntegerField(min_value=0, max_value=2**53)


class ItemChangeIn(serializers.Serializer[None]):
    title = serializers.CharField(max_length=TITLE_MAX, required=False)
    description = serializers.CharField(max_length=DESCRIPTION_MAX, required=False, allow_blank=True)
    price_centi = serializers.IntegerField(min_value=0, max_value=2**53, required=False)
    state = serializers.ChoiceField(
        choices=[ShopItem.State.ON_SALE.value, ShopItem.State.OFF_SALE.value],
        required=False,
        help_text="puts it on sale or takes it off",
    )


class ShopPictureIn(serializers.Serializer[None]):
    file = serializers.FileField(
        allow_empty_file=True, help_text="a JPEG, PNG or WebP picture of at most 10 MB and 40 megapixels"
    )


class ShopUnlockIn(serializers.Serializer[None]):
    price_centi = serializers.IntegerField(
        min_value=0, max_value=2**53, help_text="the price that was shown; any other in force refuses with 409"
    )


class ItemOut(serializers.Serializer[ShopItem]):
    """What is on sale; the previews are a few blurred colours."""

    id = serializers.UUIDField(source="uid")
    title = serializers.CharField()
    description = serializers.CharField()
    price_centi = serializers.IntegerField()
    n_pictures = serializers.SerializerMethodField()
    preview_urls = serializers.SerializerMethodField()
    is_owned = serializers.BooleanField(help_text="whether the caller has bought it")

    def get_n_pictures(self, item: ShopItem) -> int:
        return len(item.files.all())

    def get_preview_urls(self, item: ShopItem) -> list[str]:
        return [files.preview_url(file=file) for file in item.files.all()]


class OwnPictureOut(serializers.Serializer[ShopFile]):
    id = serializers.UUIDField(source="uid")
    width_px = serializers.IntegerField()
    height_px = serializers.IntegerField()


class OwnItemOut(serializers.Serializer[ShopItem]):
    """An item as its creator has it."""

    id = serializers.UUIDField(source="uid")
    title = serializers.CharField()
    description = serializers.CharField()
    price_centi = serializers.IntegerField()
    state = serializers.ChoiceField(choices=ShopItem.State.choices)
    pictures = OwnPictureOut(many=True, source="files.all")
    n_sold = serializers.IntegerField(help_text="refunded ones left out")
    created_at = serializers.DateTimeField()
    published_at = serializers.DateTimeField(allow_null=True, help_text="when it was first on sale")


class UnlockOut(serializers.Serializer[Unlock]):
    """A purchase."""

    id = serializers.UUIDField(source="uid")
    item_id = serializers.UUIDField(source="item.uid")
    price_centi = serializers.IntegerField()
    created_at = serializers.DateTimeField()


class BoughtOut(UnlockOut):
    """A purchase in one's library, which stays there when the item goes."""

    title = serializers.CharField(source="item.title", help_text="empty where its creator is gone")
    seller_id = serializers.UUIDField(source="item.seller.uid")


class BoughtFileOut(serializers.Serializer[None]):
    width = serializers.IntegerField(help_text="pixels")
    url = serializers.CharField()


class BoughtPictureOut(serializers.Serializer[dict[str, Any]]):
    """A picture rendered for the caller. Its addresses are signed for them and work until `expires_at`."""

    id = serializers.UUIDField()
    width_px = serializers.IntegerField(help_text="of the largest file")
    height_px = serializers.IntegerField(help_text="of the largest file")
    url = serializers.CharField(help_text="the largest file, WebP; an absolute path")
    files = BoughtFileOut(many=True)
    expires_at = serializers.DateTimeField()


class BoughtDetailOut(BoughtOut):
    description = serializers.CharField(source="item.description")
    pictures = serializers.SerializerMethodField()

    @extend_schema_field(BoughtPictureOut(many=True))
    def get_pictures(self, unlock: Unlock) -> list[dict[str, Any]]:
        viewer: User = self.context["viewer"]
        shown = [_picture_document(unlock, file, viewer) for file in unlock.item.files.all()]
        return [dict(BoughtPictureOut(one).data) for one in shown]


class SaleOut(UnlockOut):
    """A sale; `refunded_at` says that the credits went back."""

    title = serializers.CharField(source="item.title")
    buyer_id = serializers.UUIDField(source="buyer.uid")
    refunded_at = serializers.DateTimeField(allow_null=True)


def _picture_document(unlock: Unlock, file: ShopFile, viewer: User) -> dict[str, Any]:
    widths = pictures.shown_widths(width_px=file.width_px)
    addresses = {width: links.link_to(unlock=unlock, file=file, width=width, viewer=viewer) for width in widths}
    largest = addresses[widths[-1]]
    return {
        "id": file.uid,
        "width_px": file.width_px,
        "height_px": file.height_px,
        "url": largest.url,
        "files": [{"width": width, "url": link.url} for width, link in addresses.items()],
        "expires_at": largest.expires_at,
    }
