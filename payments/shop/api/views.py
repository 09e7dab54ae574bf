"""The API's doors to the shop: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import MultiPartParser
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common import idempotency
from pairly.common.pagination import CURSOR, CursorPages, page_of
from pairly.common.per_minute import per_minute
from profiles.constants import PICTURE_MAX_BYTES
from users.requests import find_user_of, user_of

from .. import selectors
from ..constants import PICTURES_PER_MINUTE, SHOP_PER_MINUTE
from ..services import items, unlocks
from . import serializers as shapes


def _page(view: APIView, request: Request, rows: QuerySet[Any], shape: Any) -> Response:
    pages = CursorPages()
    page = pages.paginate_queryset(rows, request, view=view)
    return pages.get_paginated_response([shape(one).data for one in page or []])


def _own(request: Request, uid: uuid.UUID, status: int = 200) -> Response:
    return Response(shapes.OwnItemOut(selectors.get_own(user=user_of(request), uid=uid)).data, status)


@per_minute("shop", SHOP_PER_MINUTE)
class ShelfView(APIView):
    """A creator's shop."""

    permission_classes = (AllowAny,)
    refusals = {"get": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(shapes.ItemOut))
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """What is on sale, newest first; public."""
        user = find_user_of(request)
        profile = selectors.get_shop(user=user, uid=user_id)
        return _page(self, request, selectors.list_on_sale(user=user, profile=profile), shapes.ItemOut)


@per_minute("shop", SHOP_PER_MINUTE)
class ItemsView(APIView):
    """Items of one's own shop."""

    refusals = {"get": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(shapes.OwnItemOut))
    def get(self, request: Request) -> Response:
        """All that one sells or is about to, newest first."""
        return _page(self, request, selectors.list_own(user=user_of(request)), shapes.OwnItemOut)

    @extend_schema(request=shapes.ItemIn, responses={201: shapes.OwnItemOut})
    def post(self, request: Request) -> Response:
        """A draft; 403 `verification_required`. Add its pictures, then put it on sale."""
        body = shapes.ItemIn(data=request.data)
        body.is_valid(raise_exception=True)
        item = items.create_item(user=user_of(request), **body.validated_data)
        return _own(request, item.uid, 201)


@per_minute("shop", SHOP_PER_MINUTE)
class ItemView(APIView):
    """An item."""

    refusals = {"get": (404,), "put": (404, 409), "delete": (404,)}

    @extend_schema(responses=shapes.ItemOut)
    def get(self, request: Request, item_id: uuid.UUID) -> Response:
        """What is on sale; one's own are in `shop/items`."""
        return Response(shapes.ItemOut(selectors.get_on_sale(user=user_of(request), uid=item_id)).data)

    @extend_schema(request=shapes.ItemChangeIn, responses=shapes.OwnItemOut)
    def put(self, request: Request, item_id: uuid.UUID) -> Response:
        """Change the members that are sent of one's own item; 409 `nothing_to_sell` without a picture."""
        body = shapes.ItemChangeIn(data=request.data)
        body.is_valid(raise_exception=True)
        items.change_item(user=user_of(request), uid=item_id, **body.validated_data)
        return _own(request, item_id)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, item_id: uuid.UUID) -> Response:
        """Take it out of one's shop for good; who bought it keeps it."""
        items.remove_item(user=user_of(request), uid=item_id)
        return Response(status=204)


@per_minute("shop-pictures", PICTURES_PER_MINUTE)
class PicturesView(APIView):
    """The pictures of an item of one's own."""

    parser_classes = [MultiPartParser]
    refusals = {"post": (404, 409)}

    @extend_schema(request={"multipart/form-data": shapes.ShopPictureIn}, responses={201: shapes.OwnPictureOut})
    def post(self, request: Request, item_id: uuid.UUID) -> Response:
        """Add one; 409 `pictures_fixed` once somebody bought the item."""
        body = shapes.ShopPictureIn(data=request.data)
        body.is_valid(raise_exception=True)
        file: UploadedFile[bytes] = body.validated_data["file"]
        data = file.read(PICTURE_MAX_BYTES + 1)  # one byte more than is taken tells the service all it needs to know
        picture = items.add_picture(user=user_of(request), uid=item_id, data=data)
        return Response(shapes.OwnPictureOut(picture).data, 201)


@per_minute("shop", SHOP_PER_MINUTE)
class PictureView(APIView):
    """A picture of an item of one's own."""

    refusals = {"delete": (404, 409)}

    @extend_schema(responses={204: None})
    def delete(self, request: Request, item_id: uuid.UUID, file_id: uuid.UUID) -> Response:
        """Remove it; 409 `pictures_fixed` once somebody bought the item."""
        items.remove_picture(user=user_of(request), item_uid=item_id, uid=file_id)
        return Response(status=204)


@per_minute("shop", SHOP_PER_MINUTE)
class UnlockView(APIView):
    """Buying an item."""

    refusals = {"post": (402, 404, 409)}

    @idempotency.keyed
    @extend_schema(request=shapes.ShopUnlockIn, responses={200: shapes.UnlockOut, 201: shapes.UnlockOut})
    def post(self, request: Request, item_id: uuid.UUID, *, idempotency_key: uuid.UUID) -> Response:
        """Pay exactly `price_centi` credits for it, once; 200 where it was bought before. 409 `price_changed` with the
        price in force, 402 `insufficient_credits`, 403 `spending_cap_reached`, `own_item`: nothing is charged."""
        body = shapes.ShopUnlockIn(data=request.data)
        body.is_valid(raise_exception=True)
        bought = unlocks.unlock_item(
            user=user_of(request),
            uid=item_id,
            price_centi=body.validated_data["price_centi"],
            idempotency_key=idempotency_key,
        )
        return Response(shapes.UnlockOut(bought.unlock).data, 201 if bought.is_new else 200)


@per_minute("shop", SHOP_PER_MINUTE)
class LibraryView(APIView):
    """What one bought."""

    refusals = {"get": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(shapes.BoughtOut))
    def get(self, request: Request) -> Response:
        """All of it, newest first."""
        return _page(self, request, selectors.list_library(user=user_of(request)), shapes.BoughtOut)


@per_minute("shop", SHOP_PER_MINUTE)
class BoughtView(APIView):
    """A purchase."""

    @extend_schema(responses=shapes.BoughtDetailOut)
    def get(self, request: Request, unlock_id: uuid.UUID) -> Response:
        """One's purchase with its pictures, at addresses that work for minutes; 404 for anyone else's."""
        user = user_of(request)
        unlock = selectors.get_bought(user=user, uid=unlock_id)
        return Response(shapes.BoughtDetailOut(unlock, context={"viewer": user}).data)


@per_minute("shop", SHOP_PER_MINUTE)
class SalesView(APIView):
    """What one sold."""

    refusals = {"get": (404,)}

    @extend_schema(parameters=[*CURSOR], responses=page_of(shapes.SaleOut))
    def get(self, request: Request) -> Response:
        """All of it, newest first, refunded sales too."""
        return _page(self, request, selectors.list_sales(user=user_of(request)), shapes.SaleOut)


@per_minute("shop", SHOP_PER_MINUTE)
class RefundView(APIView):
    """Giving a buyer their credits back."""

    refusals = {"post": (404, 409)}

    @idempotency.keyed
    @extend_schema(request=None, responses=shapes.SaleOut)
    def post(self, request: Request, unlock_id: uuid.UUID, *, idempotency_key: uuid.UUID) -> Response:
        """All of it, our fee included, once whatever the key; the buyer's access ends. 409 `hold_matured` after the
        earnings are ready to be paid out."""
        return Response(shapes.SaleOut(unlocks.refund_unlock(user=user_of(request), uid=unlock_id)).data)
