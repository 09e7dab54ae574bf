"""The API's doors to buying credits: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.core.exceptions import RequestDataTooBig
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from users.requests import user_of

from .. import selectors
from ..constants import WEBHOOK_MAX_BYTES
from ..errors import IdempotencyKeyRequired, WebhookTooLarge
from ..services import checkout, webhooks
from . import serializers


class PackagesView(APIView):
    """GET payments/packages: what is sold and for how much; public."""

    authentication_classes = ()
    permission_classes = (AllowAny,)

    def get(self, request: Request) -> Response:
        rows = [serializers.PackageOut(package).data for package in selectors.list_packages()]
        return Response({"results": rows, "next": None})


class CheckoutView(APIView):
    """POST payments/checkout with Idempotency-Key: 201 `payment_id, checkout_url`, the same for one key."""

    def post(self, request: Request) -> Response:
        key = _idempotency_key(request)
        body = serializers.CheckoutIn(data=request.data)
        body.is_valid(raise_exception=True)
        payment = checkout.start_checkout(user=user_of(request), idempotency_key=key, **body.validated_data)
        return Response({"payment_id": str(payment.uid), "checkout_url": payment.checkout_url}, 201)


class PaymentView(APIView):
    """GET payments/{id}: 404 for anyone else's."""

    def get(self, request: Request, payment_id: uuid.UUID) -> Response:
        payment = selectors.get_payment(user=user_of(request), uid=payment_id)
        return Response(serializers.PaymentOut(payment).data)


class WebhookView(APIView):
    """POST payments/webhook[/{provider}]: 200, or 400 with nothing changed. The raw body is signed."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    parser_classes = ()
    provider: str | None = None

    def post(self, request: Request) -> Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        webhooks.receive(provider=self.provider, headers=headers, body=_raw_body(request))
        return Response({"received": True})


def _raw_body(request: Request) -> bytes:
    """The body as sent; its length is looked at before it is read."""
    length = request.headers.get("Content-Length", "")
    if length.isascii() and length.isdigit() and int(length) > WEBHOOK_MAX_BYTES:
        raise WebhookTooLarge
    try:
        body: bytes = request._request.body
    except RequestDataTooBig as error:
        raise WebhookTooLarge from error
    return body


def _idempotency_key(request: Request) -> uuid.UUID:
    try:
        return uuid.UUID(request.headers.get("Idempotency-Key", ""))
    except ValueError as error:
        raise IdempotencyKeyRequired from error
