from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Func, Value
from django.db.models.functions import Now
from django.db.models.lookups import Exact


class SealedFile(models.Model):
    """A private file of somebody, encrypted with a key of its own (`FileKey`); without the key it is noise.

    `digest` is SHA-256 of what arrived, fixed before anybody looked at it. `destroyed_at`: its key is gone.
    """

    id = models.BigAutoField(primary_key=True)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    digest = models.BinaryField()
    n_bytes = models.PositiveIntegerField()
    mime = models.CharField(max_length=32)
    created_at = models.DateTimeField(db_default=Now())
    destroyed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Exact(Func("digest", function="octet_length", output_field=models.IntegerField()), Value(32)),
                name="sealed_file_digest_length",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uid)


class FileKey(models.Model):
    """The key of one file, itself encrypted. This table is in no backup (ADR 15): what is deleted here is gone."""

    file_uid = models.UUIDField(primary_key=True)
    sealed_key = models.BinaryField()
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return str(self.file_uid)
