from __future__ import annotations

from typing import Any, Literal

from django.urls import reverse
from rest_framework import serializers

from ..models import AccountClosure, DataExport
from ..types import AccessRow, Obstacle


class ExportOut(serializers.ModelSerializer[DataExport]):
    """A copy of one's data; `file` is null until `state` is `ready`."""

    id = serializers.UUIDField(source="uid")
    file = serializers.SerializerMethodField()

    class Meta:
        model = DataExport
        fields = ["id", "state", "n_parts", "n_done", "n_bytes", "requested_at", "ready_at", "expires_at", "file"]
        read_only_fields = fields

    def get_file(self, export: DataExport) -> str | None:
        """Path of the file."""
        if export.state != DataExport.State.READY:
            return None
        return reverse("api-v1:users:export-file", kwargs={"export_id": export.pk})


class DeletionIn(serializers.Serializer[None]):
    """`agreed`: the codes of the obstacles that the owner agrees to."""

    agreed = serializers.ListField(child=serializers.CharField(max_length=32), max_length=16, required=False)


class ClosureOut(serializers.ModelSerializer[AccountClosure]):
    class Meta:
        model = AccountClosure
        fields = ["kind", "requested_at", "erase_at"]
        read_only_fields = fields


class AccessesQuery(serializers.Serializer[None]):
    before = serializers.IntegerField(min_value=1, max_value=2**62, required=False, default=None)


class AccessOut(serializers.Serializer[AccessRow]):
    """Once that somebody looked: `action` is a code, `what` the same in words; who it was is not told."""

    created_at = serializers.DateTimeField()
    role = serializers.CharField()
    action = serializers.CharField()
    what = serializers.CharField()
    reason = serializers.CharField()


class AccessPageOut(serializers.Serializer[Any]):
    results = AccessOut(many=True)
    next = serializers.URLField(allow_null=True)


class ObstacleOut(serializers.Serializer[Obstacle]):
    """`needs` is `consent` where `consent` says what to agree to, else empty."""

    code = serializers.CharField()
    detail = serializers.CharField()
    needs = serializers.SerializerMethodField()
    consent = serializers.CharField()

    def get_needs(self, obstacle: Obstacle) -> Literal["consent", ""]:
        return "consent" if obstacle.can_agree else ""


class DeletionOut(serializers.Serializer[Any]):
    """`scheduled` is null unless the account rests or is about to be deleted."""

    scheduled = ClosureOut(allow_null=True)
    obstacles = ObstacleOut(many=True)
