"""The API's doors to webhooks: parse, one service call, render."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from security.client_ip import client_of
from users.requests import sign_in_of, user_of

from ...models import Delivery
from ...staff import StaffPermission
from .. import selectors
from ..constants import CHANGES_PER_MINUTE, LOOKS_PER_MINUTE, RESEND_PERMISSION, STAFF_PERMISSION
from ..services import deliveries, webhooks
from .serializers import (
    DeadDeliveryOut,
    DeliveryIn,
    DeliveryOut,
    EventsIn,
    NewWebhookOut,
    RotateIn,
    WebhookIn,
    WebhookOut,
)


class DeliveriesQuery(serializers.Serializer[None]):
    state = serializers.ChoiceField(choices=Delivery.State.choices, required=False, default="")


@per_minute("webhooks", CHANGES_PER_MINUTE)
class WebhooksView(APIView):
    """Webhooks of the organisations that one owns or manages."""

    refusals = {"get": (404,), "post": (404, 409)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(WebhookOut))
    def get(self, request: Request) -> Response:
        """All of them, newest first, without their secrets."""
        pages = CursorPages()
        page = pages.paginate_queryset(selectors.list_webhooks(user=user_of(request)), request, view=self) or []
        return pages.get_paginated_response([WebhookOut(row).data for row in page])

    @extend_schema(request=WebhookIn, responses={201: NewWebhookOut})
    def post(self, request: Request) -> Response:
        """Register an address, with the secret in this answer alone. 422 `address_refused` for one that is not on the
        Internet by https, 409 `too_many_webhooks`."""
        body = WebhookIn(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        made, secret = webhooks.register(
            user=user_of(request),
            organisation=data["organisation_id"],
            target_url=data["target_url"],
            events=data["events"],
        )
        return Response(NewWebhookOut(made, context={"secret": secret}).data, 201)


@per_minute("webhooks", CHANGES_PER_MINUTE)
class WebhookView(APIView):
    """One webhook."""

    refusals = {"get": (404,), "put": (404,), "delete": (404,)}

    @extend_schema(responses=WebhookOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """Where it leads and what it hears of."""
        return Response(WebhookOut(selectors.get_webhook(user=user_of(request), uid=uid)).data)

    @extend_schema(request=EventsIn, responses=WebhookOut)
    def put(self, request: Request, uid: uuid.UUID) -> Response:
        """What it hears of, and whether it is paused: nothing of that time is told, what waited goes out after it."""
        body = EventsIn(data=request.data)
        body.is_valid(raise_exception=True)
        return Response(WebhookOut(webhooks.change(user=user_of(request), uid=uid, **body.validated_data)).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """Take it away, with what waits for it."""
        webhooks.remove(user=user_of(request), uid=uid)
        return Response(status=204)


@per_minute("webhook-deliveries", LOOKS_PER_MINUTE)
class DeliveriesView(APIView):
    """What a webhook was told."""

    refusals = {"get": (404, 422)}

    @extend_schema(
        parameters=[OpenApiParameter("state", enum=Delivery.State.values), *CURSOR], responses=page_of(DeliveryOut)
    )
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """Newest first, for 30 days after it was taken or given up."""
        query = DeliveriesQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        pages = CursorPages()
        rows = selectors.list_deliveries(user=user_of(request), webhook=uid, **query.validated_data)
        page = pages.paginate_queryset(rows, request, view=self) or []
        return pages.get_paginated_response([DeliveryOut(row).data for row in page])


@per_minute("webhooks", CHANGES_PER_MINUTE)
class RedeliverView(APIView):
    """Sends again."""

    refusals = {"post": (404, 409)}

    @extend_schema(request=DeliveryIn, responses=DeliveryOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """What was taken or given up: at once, and if need be for seven days more. 409 `delivery_waiting`."""
        body = DeliveryIn(data=request.data)
        body.is_valid(raise_exception=True)
        again = deliveries.redeliver(user=user_of(request), webhook=uid, uid=body.validated_data["delivery_id"])
        return Response(DeliveryOut(again).data)


@per_minute("webhooks", CHANGES_PER_MINUTE)
class RotateSecretView(APIView):
    """Changes the secret."""

    refusals = {"post": (404, 409)}

    @extend_schema(request=RotateIn, responses=NewWebhookOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """With the new secret in this answer alone. The old one signs beside it until `old_secret_until`, a day, or not
        at all with `at_once`. 409 `secret_changing` where that day is not over."""
        body = RotateIn(data=request.data)
        body.is_valid(raise_exception=True)
        made, secret = webhooks.rotate_secret(user=user_of(request), uid=uid, **body.validated_data)
        return Response(NewWebhookOut(made, context={"secret": secret}).data)


class DeadDeliveriesView(APIView):
    """What no receiver took, for staff."""

    permission_classes = (StaffPermission,)
    staff_permission = STAFF_PERMISSION
    refusals = {"get": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(DeadDeliveryOut))
    def get(self, request: Request) -> Response:
        """Newest first, of all organisations: not what it told, and of the address the host alone."""
        pages = CursorPages()
        page = pages.paginate_queryset(selectors.list_dead(staff=user_of(request)), request, view=self) or []
        shown = selectors.show_dead(rows=page)
        return pages.get_paginated_response([DeadDeliveryOut(row).data for row in shown])


class ResendView(APIView):
    """Sends again what was given up, for staff."""

    permission_classes = (StaffPermission,)
    staff_permission = RESEND_PERMISSION
    refusals = {"post": (404, 409)}

    @extend_schema(request=None, responses=DeliveryOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """At once, with the same `event_id`, and if need be for seven days more. 409 `delivery_waiting`."""
        client = client_of(request=request._request)
        again = deliveries.resend(staff=user_of(request), sign_in=sign_in_of(request), client=client, uid=uid)
        return Response(DeliveryOut(again).data)
