"""Pictures of profiles."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.core.files.storage import Storage, storages
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from pairly.common.ids import uuid7

from ..constants import ALT_MAX, GALLERY_MAX
from .profile import Profile


class Picture(models.Model):
    """A picture of a profile. Its files are one WebP for each of `widths` (ascending), in the storage of its audience.

    `width_px` and `height_px` are the size of the largest.
    """

    class Kind(models.TextChoices):
        PORTRAIT = "portrait"
        GALLERY = "gallery"

    class Audience(models.TextChoices):
        """Who sees it. What is not for everyone lies in the private storage and has no lasting address."""

        EVERYONE = "everyone", _("Everyone")
        CONNECTIONS = "connections", _("My connections")

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid7, unique=True, editable=False)
    profile = models.ForeignKey(Profile, on_delete=models.CASCADE, related_name="pictures")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    position = models.PositiveSmallIntegerField(default=0)
    audience = models.CharField(
        max_length=11, choices=Audience.choices, default=Audience.EVERYONE, db_default="everyone"
    )
    # Names the files; None: they are named by `uid`. Another one whenever they move, so that nothing that is deleted
    # late is ever what was stored since, and no address of before leads to them.
    file_key = models.UUIDField(null=True, blank=True, unique=True, editable=False)
    alt = models.CharField(max_length=ALT_MAX, blank=True)
    width_px = models.PositiveSmallIntegerField()
    height_px = models.PositiveSmallIntegerField()
    widths = ArrayField(models.PositiveSmallIntegerField())
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["position"]
        constraints = [
            models.CheckConstraint(
                # The upper half is where pictures stand while their order changes.
                condition=Q(kind="portrait", position=0) | Q(kind="gallery", position__lt=2 * GALLERY_MAX),
                name="picture_kind_and_position",
            ),
            models.CheckConstraint(
                condition=Q(audience="everyone") | Q(audience="connections", kind="gallery"),
                name="picture_audience_known",
            ),
            models.CheckConstraint(
                condition=Q(width_px__gt=0, height_px__gt=0, widths__len__gt=0), name="picture_has_size"
            ),
            models.UniqueConstraint(fields=["profile"], condition=Q(kind="portrait"), name="picture_one_portrait"),
            models.UniqueConstraint(
                fields=["profile", "position"], condition=Q(kind="gallery"), name="picture_gallery_position"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.position} of {self.profile_id}"

    @property
    def is_public(self) -> bool:
        """Whether its files have a lasting address that anybody may ask for."""
        return self.audience == self.Audience.EVERYONE

    @property
    def storage(self) -> Storage:
        """Where its files lie."""
        return storage_for(audience=self.audience)

    def fitting_width(self, width: int) -> int:
        """The smallest stored width of at least `width` pixels, else the largest."""
        return next((one for one in self.widths if one >= width), self.widths[-1])

    def url(self, width: int) -> str:
        """Address of the file of `fitting_width`. For who may see a picture that is not for everyone it is a page of
        ours, which asks who wants it every time.
        """
        fitting = self.fitting_width(width)
        if self.is_public:
            return self.storage.url(self.file_name(fitting))
        return reverse("profiles:picture-file", args=[self.uid, fitting])

    def file_name(self, width: int) -> str:
        """The name of one stored width in the storage."""
        return file_name(owner=self.profile.user.uid, picture=self.file_key or self.uid, width=width)

    @property
    def file_names(self) -> list[str]:
        """The names of its files in the storage."""
        return [self.file_name(width) for width in self.widths]


def storage_for(*, audience: str) -> Storage:
    """The storage of pictures for this audience."""
    return storages["default" if audience == Picture.Audience.EVERYONE else "private"]


def file_name(*, owner: uuid.UUID, picture: uuid.UUID | str, width: int) -> str:
    """Where a storage keeps one width of a picture. What it holds never changes: browsers keep it for a year."""
    return f"profiles/{owner}/{picture}-{width}.webp"
