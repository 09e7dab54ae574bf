from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7


class ShopItem(models.Model):
    """What a creator sells: one to ten pictures for one price. Once somebody bought it, its pictures never change."""

    class State(models.TextChoices):
        DRAFT = "draft", _("draft")
        ON_SALE = "on_sale", _("on sale")
        OFF_SALE = "off_sale", _("not on sale")
        REMOVED = "removed", _("removed")  # by its creator; who bought it keeps it

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    seller = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="shop_items")
    title = models.CharField(max_length=80, blank=True)  # empty where its creator is gone
    description = models.TextField(blank=True)
    price_centi = models.BigIntegerField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    created_at = models.DateTimeField(db_default=Now())
    published_at = models.DateTimeField(null=True, blank=True)  # when it was first on sale

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(price_centi__gt=0), name="shop_item_price_positive"),
            models.CheckConstraint(condition=Q(state="removed") | ~Q(title=""), name="shop_item_has_title"),
            models.CheckConstraint(
                condition=~Q(state="on_sale") | Q(published_at__isnull=False), name="shop_item_published_at"
            ),
        ]
        indexes = [
            models.Index(fields=["seller", "-id"], name="shop_item_seller_idx"),
            models.Index(fields=["seller", "-id"], condition=Q(state="on_sale"), name="shop_item_on_sale_idx"),
        ]

    def __str__(self) -> str:
        return f"{self.uid} {self.state}"

    @property
    def is_on_sale(self) -> bool:
        return self.state == self.State.ON_SALE

    @property
    def cover(self) -> ShopFile | None:
        """The first picture, whose preview stands for all of them."""
        return next(iter(self.files.all()), None)


class ShopFile(models.Model):
    """One picture of an item. `file_key` names what is stored of it, `sealed_key` is what its marks are made with."""

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    item = models.ForeignKey(ShopItem, on_delete=models.CASCADE, related_name="files")
    position = models.PositiveSmallIntegerField()
    file_key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    sealed_key = models.BinaryField()
    look = models.BigIntegerField()  # a perceptual hash: pictures alike differ in few bits
    width_px = models.PositiveIntegerField()
    height_px = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["item", "position"], name="shop_file_place_once"),
            models.CheckConstraint(condition=Q(position__lt=10), name="shop_file_ten_at_most"),
        ]

    def __str__(self) -> str:
        return str(self.uid)


class Unlock(models.Model):
    """Somebody's purchase of an item. `id` is the number that the invisible marks carry, so it stays below 2^32.

    `request_id` is the buyer's key. It ends only by being refunded; then the item may be bought again.
    """

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    buyer = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="unlocks")
    item = models.ForeignKey(ShopItem, on_delete=models.PROTECT, related_name="unlocks")
    request_id = models.UUIDField()
    price_centi = models.BigIntegerField()
    created_at = models.DateTimeField(db_default=Now())
    refunded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["buyer", "request_id"], name="unlock_request_once"),
            models.UniqueConstraint(
                fields=["buyer", "item"], condition=Q(refunded_at__isnull=True), name="unlock_item_once"
            ),
            models.CheckConstraint(condition=Q(price_centi__gt=0), name="unlock_price_positive"),
            models.CheckConstraint(condition=Q(id__lt=2**32), name="unlock_fits_the_mark"),
        ]
        indexes = [
            models.Index(fields=["buyer", "-id"], name="unlock_buyer_idx"),
            models.Index(fields=["item", "-id"], name="unlock_item_idx"),
        ]

    def __str__(self) -> str:
        return str(self.uid)

    @property
    def is_refunded(self) -> bool:
        return self.refunded_at is not None
