"""REST doors of held credits after a reply."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.per_minute import per_minute
from users.requests import user_of

from .. import answer_selectors
from ..constants import ANSWERS_PER_MINUTE
from ..services import answers
from .answer_serializers import DisputeOut, NoAnswerIn, PlaceIn, ReturnedOut


@per_minute("answers", ANSWERS_PER_MINUTE)
class NoAnswerView(APIView):
    """A reply that was no answer."""

    refusals = {"post": (403, 404, 409, 422)}

    @extend_schema(request=NoAnswerIn, responses={200: DisputeOut, 201: DisputeOut})
    def post(self, request: Request, message_id: uuid.UUID) -> Response:
        """Say so of a reply, or of the reply to a message of one's own, within 24 hours of it and once: what it was
        paid for is frozen, and staff decide. 200 for the same again. Refusals: 409 `not_answered`, `hold_returned`,
        `dispute_too_late`, `too_many_disputes`; 403 `dispute_right_lost` with `until`."""
        body = NoAnswerIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = dict(body.validated_data)
        dispute, is_new = answers.say_no_answer(
            user=user_of(request), conversation_uid=fields.pop("conversation"), message_id=message_id, **fields
        )
        return Response(DisputeOut(answer_selectors.dispute_facts(dispute=dispute)).data, 201 if is_new else 200)


@per_minute("answers", ANSWERS_PER_MINUTE)
class RefundView(APIView):
    """Credits that one was written to for."""

    refusals = {"post": (404, 409, 422)}

    @extend_schema(request=PlaceIn, responses={200: ReturnedOut})
    def post(self, request: Request, message_id: uuid.UUID) -> Response:
        """Give them back, fee included, before they have matured; again is once. Refusals: 409 `hold_matured`,
        `hold_returned`."""
        body = PlaceIn(data=request.data)
        body.is_valid(raise_exception=True)
        given = answers.give_back(
            user=user_of(request), conversation_uid=body.validated_data["conversation"], message_id=message_id
        )
        return Response(ReturnedOut({"amount_centi": given.amount_centi}).data)


@per_minute("answers", ANSWERS_PER_MINUTE)
class UnreadableView(APIView):
    """A message to oneself that no key of one's own opens any more."""

    refusals = {"post": (404, 422)}

    @extend_schema(request=PlaceIn, responses={200: ReturnedOut})
    def post(self, request: Request, message_id: uuid.UUID) -> Response:
        """Tell its sender, who may send it again; what is still held for it goes back at once."""
        body = PlaceIn(data=request.data)
        body.is_valid(raise_exception=True)
        found = answers.say_unreadable(
            user=user_of(request), conversation_uid=body.validated_data["conversation"], message_id=message_id
        )
        return Response(ReturnedOut({"amount_centi": found.amount_centi}).data)
