"""REST doors of kept and planned texts: parse, one service call, render. The server cannot read any of them."""

from __future__ import annotations

import uuid
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.problems import InvalidInput
from users.requests import user_of

from .. import plan_selectors
from ..models import Plan, SealedText
from ..protocol.base64url import BadBase64, b64u_decode, b64u_encode
from ..services import plans
from .plan_serializers import DueListOut, DueOut, PlanIn, PlanOut, SealedTextIn, SealedTextOut, SettleIn

TAGS = ["planned messages"]


def _box(value: str) -> bytes:
    try:
        return b64u_decode(value)
    except BadBase64 as error:
        raise InvalidInput(errors=[{"pointer": "/box", "code": "bad_base64", "detail": "not base64url"}]) from error


def _text(row: SealedText) -> dict[str, Any]:
    row.box = b64u_encode(bytes(row.box))
    return SealedTextOut(row).data


def _plan(row: Plan) -> dict[str, Any]:
    row.box = b64u_encode(bytes(row.box))
    return PlanOut(row).data


class SealedTextsView(APIView):
    """Texts that one keeps for answers."""

    @extend_schema(tags=TAGS, responses=page_of(SealedTextOut))
    def get(self, request: Request) -> Response:
        """All of them, in their order."""
        rows = plan_selectors.list_texts(user=user_of(request))
        return Response({"results": [_text(row) for row in rows], "next": None})


class SealedTextView(APIView):
    """One of them."""

    refusals = {"put": (404, 409, 422), "delete": (404,)}

    @extend_schema(tags=TAGS, request=SealedTextIn, responses=SealedTextOut)
    def put(self, request: Request, text_id: uuid.UUID) -> Response:
        """Keep it, or another version of it; the id is the client's. 409 `too_much_planned` beyond a hundred."""
        body = SealedTextIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = {**body.validated_data, "box": _box(body.validated_data["box"])}
        return Response(_text(plans.save_text(user=user_of(request), uid=text_id, **fields)))

    @extend_schema(tags=TAGS, responses={204: None})
    def delete(self, request: Request, text_id: uuid.UUID) -> Response:
        """Remove it."""
        plans.remove_text(user=user_of(request), uid=text_id)
        return Response(status=204)


class PlansView(APIView):
    """Messages that a device of the creator is to send."""

    refusals = {"post": (404, 409, 422)}

    @extend_schema(tags=TAGS, parameters=[*CURSOR], responses=page_of(PlanOut))
    def get(self, request: Request) -> Response:
        """The latest first, with how many were sent, wait, were skipped."""
        pages = CursorPages()
        rows = pages.paginate_queryset(plan_selectors.list_plans(user=user_of(request)), request, view=self)
        return pages.get_paginated_response([_plan(row) for row in rows or []])

    @extend_schema(tags=TAGS, request=PlanIn, responses={201: PlanOut})
    def post(self, request: Request) -> Response:
        """Plan one; a new welcome takes the place of the one before. Creators only."""
        body = PlanIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        plan = plans.plan_message(
            user=user_of(request),
            uid=fields["id"],
            kind=fields["kind"],
            box=_box(fields["box"]),
            send_at=fields["send_at"],
            audience=fields["audience"],
            peer_uid=fields["user_id"],
        )
        return Response(_plan(plan), 201)


class PlanView(APIView):
    """One of them."""

    refusals = {"delete": (404,)}

    @extend_schema(tags=TAGS, responses=PlanOut)
    def delete(self, request: Request, plan_id: uuid.UUID) -> Response:
        """Send nothing more of it. What was sent stays."""
        return Response(_plan(plans.cancel_plan(user=user_of(request), uid=plan_id)))


class DueView(APIView):
    """What there is to send now."""

    @extend_schema(tags=TAGS, request=None, responses=DueListOut)
    def post(self, request: Request) -> Response:
        """Lease up to ten messages to this device for two minutes: seal each for its reader and send it."""
        rows = plans.take_due(user=user_of(request))
        results = [{**DueOut(row).data, "box": b64u_encode(row.box)} for row in rows]
        return Response({"results": results})


class SettleView(APIView):
    """What became of one."""

    refusals = {"post": (404, 422)}

    @extend_schema(tags=TAGS, request=SettleIn, responses={204: None})
    def post(self, request: Request, message_id: uuid.UUID) -> Response:
        """Sent, or given up with the code of its refusal."""
        body = SettleIn(data=request.data)
        body.is_valid(raise_exception=True)
        plans.settle(user=user_of(request), message=message_id, code=body.validated_data["code"])
        return Response(status=204)
