from __future__ import annotations

import io
import uuid
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ParseError

from pairly.common.json_bodies import JSONParser

from ...models import Report, ReportCase, ReportedMessage
from ..constants import DETAILS_MAX, MESSAGES_MAX
from ..types import ShownAttachment, ShownMessage, ShownReport


class ReportIn(serializers.Serializer[None]):
    """`user_id` is whom it is about; of a shop item `item_id` names it. Each message is a report of e2e.md 3."""

    kind = serializers.ChoiceField(choices=ReportCase.Target.choices)
    user_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    item_id = serializers.UUIDField(required=False, allow_null=True, default=None)
    category = serializers.ChoiceField(choices=ReportCase.Category.choices)
    details = serializers.CharField(max_length=DETAILS_MAX, required=False, allow_blank=True, default="")
    messages = serializers.ListField(
        child=serializers.DictField(), required=False, default=list, max_length=MESSAGES_MAX
    )

    def validate(self, attrs: dict[str, object]) -> dict[str, object]:
        name = "item_id" if attrs["kind"] == ReportCase.Target.ITEM else "user_id"
        if attrs[name] is None:
            raise serializers.ValidationError({name: serializers.Field.default_error_messages["required"]})
        return attrs


class _MessagesText(serializers.CharField):
    """The list of messages as the text of a part, read as strictly as any JSON of the API."""

    def to_internal_value(self, data: Any) -> Any:
        text = super().to_internal_value(data)
        try:
            rows = JSONParser().parse(io.BytesIO(text.encode()))
        except ParseError as error:
            raise serializers.ValidationError(str(error.detail), "invalid") from error
        field = serializers.ListField(child=serializers.DictField(), max_length=MESSAGES_MAX)
        return field.run_validation(rows)


class ReportUploadIn(ReportIn):
    """The same as multipart: `messages` is the list as JSON text, and each picture a part named `pictures`."""

    messages: Any = _MessagesText(required=False, default=list)  # type: ignore[arg-type]  # of the parsed list
    pictures = serializers.ListField(
        child=serializers.FileField(allow_empty_file=True, use_url=False), required=False, default=list
    )


class GapOut(serializers.Serializer[None]):
    """After which message how many were not shown."""

    after_n = serializers.IntegerField()
    missing = serializers.IntegerField()


class EvidenceOut(serializers.ModelSerializer[ReportedMessage]):
    """A message of a report; `flaw` says what does not hold, "" where all does."""

    class Meta:
        model = ReportedMessage
        fields = ["n", "verdict", "flaw"]


class ReportOut(serializers.ModelSerializer[Report]):
    """One's own report; `state` is that of the case it is part of."""

    id = serializers.UUIDField(source="uid")
    kind = serializers.CharField(source="case.target")
    user_id = serializers.UUIDField(source="case.subject.uid")
    state = serializers.CharField(source="case.state")
    decided_at = serializers.DateTimeField(source="case.decided_at", allow_null=True)
    evidence = EvidenceOut(source="messages", many=True)
    gaps = GapOut(many=True)
    n_pictures = serializers.SerializerMethodField()

    class Meta:
        model = Report
        fields = [
            "id", "kind", "user_id", "category", "details", "state", "created_at", "decided_at", "evidence", "gaps",
            "n_pictures",
        ]  # fmt: skip

    def get_n_pictures(self, report: Report) -> int:
        return len(report.files.all())


class CaseOut(serializers.ModelSerializer[ReportCase]):
    """A case in the list."""

    id = serializers.UUIDField(source="uid")
    kind = serializers.CharField(source="target")
    user_id = serializers.UUIDField(source="subject.uid")
    n_reports = serializers.SerializerMethodField()
    categories = serializers.SerializerMethodField()

    class Meta:
        model = ReportCase
        fields = ["id", "kind", "user_id", "state", "created_at", "decided_at", "n_reports", "categories"]

    def get_n_reports(self, case: ReportCase) -> int:
        return len(case.reports.all())

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_categories(self, case: ReportCase) -> list[str]:
        return list(dict.fromkeys(report.category for report in case.reports.all()))


class CaseAttachmentOut(serializers.Serializer[ShownAttachment]):
    """A file of a verified message; `name` and `mime` are its sender's words, `n_bytes` the length of the sealed file.

    `state`: waiting, verified, not_verified (`flaw` says why) or gone. Open it at `admin/reports/attachments/{id}`.
    """

    id = serializers.UUIDField(source="row.uid")
    name = serializers.CharField()
    mime = serializers.CharField()
    n_bytes = serializers.IntegerField(source="row.n_bytes")
    state = serializers.CharField(source="row.state")
    flaw = serializers.CharField(source="row.flaw")


class CaseEvidenceOut(serializers.Serializer[ShownMessage]):
    """What a reporter opened. `text` is null once it is gone, or where there are no words."""

    n = serializers.IntegerField(source="row.n", allow_null=True)
    verdict = serializers.CharField(source="row.verdict")
    flaw = serializers.CharField(source="row.flaw")
    sender_id = serializers.UUIDField(source="row.sender_uid", allow_null=True)
    sent_at = serializers.DateTimeField(source="row.sent_at", allow_null=True)
    text = serializers.CharField(allow_null=True)
    attachments = CaseAttachmentOut(many=True)


class CaseReportOut(serializers.Serializer[ShownReport]):
    """One report of a case, with how the reports of its maker ended."""

    id = serializers.UUIDField(source="report.uid")
    reporter_id = serializers.UUIDField(source="report.reporter.uid")
    category = serializers.CharField(source="report.category")
    details = serializers.CharField(source="report.details")
    created_at = serializers.DateTimeField(source="report.created_at")
    n_made = serializers.IntegerField(source="record.n_made")
    n_upheld = serializers.IntegerField(source="record.n_upheld")
    evidence = CaseEvidenceOut(source="messages", many=True)
    gaps = GapOut(source="report.gaps", many=True)
    pictures = serializers.SerializerMethodField()

    @extend_schema_field(serializers.ListField(child=serializers.UUIDField()))
    def get_pictures(self, shown: ShownReport) -> list[uuid.UUID]:
        return shown.files


class CaseDetailOut(CaseOut):
    """A case with its evidence: of all reports together in `evidence` and `gaps`, and of each in `reports`."""

    evidence = serializers.SerializerMethodField()
    gaps = serializers.SerializerMethodField()
    reports = serializers.SerializerMethodField()

    class Meta(CaseOut.Meta):
        fields = [*CaseOut.Meta.fields, "evidence", "gaps", "reports"]

    @extend_schema_field(CaseEvidenceOut(many=True))
    def get_evidence(self, case: ReportCase) -> object:
        shown: Any = [one for report in self.context["shown"].reports for one in report.messages]
        return CaseEvidenceOut(shown, many=True).data

    @extend_schema_field(GapOut(many=True))
    def get_gaps(self, case: ReportCase) -> object:
        return [gap for report in self.context["shown"].reports for gap in report.report.gaps]

    @extend_schema_field(CaseReportOut(many=True))
    def get_reports(self, case: ReportCase) -> object:
        return CaseReportOut(self.context["shown"].reports, many=True).data
