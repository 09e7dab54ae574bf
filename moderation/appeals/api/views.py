"""The API's doors to appeals: parse, one service call, render."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.per_minute import per_minute
from users.requests import user_of

from ...models import Appeal, AppealMessage
from .. import selectors
from ..constants import APPEALS_PER_MINUTE, TEXT_MAX
from ..services import appealing


class AppealIn(serializers.Serializer[None]):
    """Why the decision is wrong; or what else is to be said."""

    text = serializers.CharField(max_length=TEXT_MAX)


class AppealMessageOut(serializers.ModelSerializer[AppealMessage]):
    """What one side said."""

    class Meta:
        model = AppealMessage
        fields = ["is_from_staff", "text", "created_at"]


class AppealOut(serializers.ModelSerializer[Appeal]):
    """An appeal of one's own: `state` is open, granted, refused or withdrawn."""

    id = serializers.UUIDField(source="uid")
    messages = AppealMessageOut(many=True)

    class Meta:
        model = Appeal
        fields = ["id", "state", "created_at", "decided_at", "messages"]


@per_minute("appeals", APPEALS_PER_MINUTE)
class _AppealView(APIView):
    open_to_limited = True

    def words(self, request: Request) -> str:
        """The text of the request's body."""
        body = AppealIn(data=request.data)
        body.is_valid(raise_exception=True)
        return str(body.validated_data["text"])


class SanctionAppealView(_AppealView):
    """Appeal a restriction, also while suspended."""

    refusals = {"post": (404, 409)}

    @extend_schema(request=AppealIn, responses={201: AppealOut})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Another person than the first one decides; 409 `appeal_made`, `cannot_appeal`."""
        made = appealing.appeal_sanction(user=user_of(request), uid=uid, text=self.words(request))
        return Response(AppealOut(selectors.get_own(user=user_of(request), uid=made.uid)).data, 201)


class VerificationAppealView(_AppealView):
    """Appeal that one was not verified."""

    refusals = {"post": (404, 409)}

    @extend_schema(request=AppealIn, responses={201: AppealOut})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Another person than the first one decides; 409 `appeal_made`, `cannot_appeal`."""
        made = appealing.appeal_verification(user=user_of(request), uid=uid, text=self.words(request))
        return Response(AppealOut(selectors.get_own(user=user_of(request), uid=made.uid)).data, 201)


class AppealView(_AppealView):
    """An appeal of one's own."""

    refusals = {"get": (404,), "post": (404, 409)}

    @extend_schema(responses=AppealOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """What was said, and how it stands."""
        return Response(AppealOut(selectors.get_own(user=user_of(request), uid=uid)).data)

    @extend_schema(request=AppealIn, responses={201: AppealOut})
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """Say more; 409 `appeal_closed`, 429 `wait_for_answer`."""
        appealing.say(user=user_of(request), uid=uid, text=self.words(request))
        return Response(AppealOut(selectors.get_own(user=user_of(request), uid=uid)).data, 201)
