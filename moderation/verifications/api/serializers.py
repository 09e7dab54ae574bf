from __future__ import annotations

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ...models import Verification, WorkItem
from ..constants import PURPOSE_MAX
from ..words import reason_of


class VerificationIn(serializers.Serializer[None]):
    """Two pictures as multipart; `reason` is what it is wanted for. `document_country`: two letters of ISO 3166-1."""

    document = serializers.FileField(allow_empty_file=True)
    selfie = serializers.FileField(allow_empty_file=True)
    document_type = serializers.ChoiceField(choices=Verification.DocumentType.choices)
    document_country = serializers.CharField(max_length=2, required=False, allow_blank=True, default="")
    reason = serializers.CharField(max_length=PURPOSE_MAX, required=False, allow_blank=True, default="")
    consent = serializers.BooleanField()


class VerificationOut(serializers.ModelSerializer[Verification]):
    """One's own request. `decision_reason` says why it was not approved, `note` what the reviewer wrote."""

    id = serializers.UUIDField(source="uid")
    reason = serializers.CharField(source="purpose")
    decision_reason = serializers.SerializerMethodField()
    note = serializers.CharField(source="reason")

    class Meta:
        model = Verification
        fields = [
            "id", "state", "document_type", "reason", "created_at", "submitted_at", "decided_at", "reason_code",
            "decision_reason", "note", "valid_until", "files_until",
        ]  # fmt: skip

    @extend_schema_field(serializers.CharField())
    def get_decision_reason(self, verification: Verification) -> str:
        return reason_of(verification=verification)


class VerificationCaseOut(serializers.ModelSerializer[WorkItem]):
    """A request that one works on now, until `taken_until`; its files are opened one by one."""

    id = serializers.UUIDField(source="ref")
    case = serializers.UUIDField(source="uid")

    class Meta:
        model = WorkItem
        fields = ["id", "case", "severity", "created_at", "due_at", "taken_until"]
