"""The API's doors to payouts that wait for staff: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from payments import payout_review_selectors, payout_selectors
from payments.api.payout_serializers import PayoutOut
from payments.constants import REJECT_REASONS
from payments.models import Payout
from security.client_ip import client_of
from users.requests import sign_in_of, user_of

from ..constants import NOTE_MAX
from ..services import payouts, trail
from ..staff import StaffPermission


class ReviewIn(serializers.Serializer[None]):
    """`reason` is needed to reject; the creator reads it then, under what `code` says. Of an approval only staff."""

    decision = serializers.ChoiceField(choices=["approve", "reject"])
    reason = serializers.CharField(max_length=NOTE_MAX, required=False, allow_blank=True, default="")
    code = serializers.ChoiceField(choices=REJECT_REASONS, required=False, default="other")


class StaffPayoutOut(PayoutOut):
    """A payout as staff see it: who asked, what was noticed, and who has approved."""

    user_id = serializers.UUIDField(source="user.uid")
    name = serializers.CharField(source="user.name")
    risk = serializers.JSONField()
    second_approver = serializers.SerializerMethodField()

    class Meta(PayoutOut.Meta):
        fields = [*PayoutOut.Meta.fields, "user_id", "name", "risk", "needs_two", "second_approver"]

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_approved_by(self, payout: Payout) -> str | None:
        return str(payout.approved_by.uid) if payout.approved_by else None

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_second_approver(self, payout: Payout) -> str | None:
        return str(payout.second_approver.uid) if payout.second_approver else None


class PendingPages(CursorPages):
    """Who waited longest comes first."""

    ordering = "id"


class PendingPayoutsView(APIView):
    """What waits for staff."""

    permission_classes = (StaffPermission,)
    staff_permission = "users.staff_view_payouts"
    refusals = {"get": (404,)}  # to who is no staff, and for a cursor of no page

    @extend_schema(parameters=[*CURSOR], responses=page_of(StaffPayoutOut))
    def get(self, request: Request) -> Response:
        """The oldest first, one's own left out; the look is recorded."""
        staff, pages = user_of(request), PendingPages()
        rows = payout_review_selectors.list_pending().exclude(user=staff)
        page = pages.paginate_queryset(rows, request, view=self) or []
        trail.note_view(
            staff=staff,
            sign_in=sign_in_of(request),
            client=client_of(request=request._request),
            action="staff.payouts_viewed",
            details={"door": "api", "n": len(page)},
        )
        return pages.get_paginated_response([StaffPayoutOut(payout).data for payout in page])


class ReviewPayoutView(APIView):
    """Deciding on one."""

    permission_classes = (StaffPermission,)
    staff_permission = payouts.PERMISSION
    refusals = {"post": (404, 409)}

    @extend_schema(request=ReviewIn, responses=StaffPayoutOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Approve or reject; above the limit the first approval leaves it `requested`, and somebody else's decides.

        Takes a fresh proof. 403 `step_up_required`; 404 for one's own; 409 `case_taken`, `case_not_held` (decided, or
        one has had one's say), `payout_not_open`; 422 `reason_missing`.
        """
        body = ReviewIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields: dict[str, Any] = body.validated_data
        payouts.review(uid=uid, staff=user_of(request), sign_in=sign_in_of(request), **fields)
        return Response(StaffPayoutOut(payout_selectors.get_for_staff(uid=uid)).data)
