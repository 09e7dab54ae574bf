"""The API's doors to blocks: parse, one service call, render."""

from __future__ import annotations

import uuid

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.pagination import CURSOR, CursorPages, page_of

from .. import block_selectors
from ..block_selectors import BlockRow
from ..constants import BLOCK_REASON_MAX
from ..models import Block
from ..requests import user_of
from ..services import blocks

BLOCKS = ["Blocks"]


class BlockReasonIn(serializers.Serializer[None]):
    reason = serializers.CharField(
        max_length=BLOCK_REASON_MAX, required=False, allow_blank=True, help_text="for oneself alone"
    )


class BlockIn(BlockReasonIn):
    user_id = serializers.UUIDField()


class BlockOut(serializers.Serializer[BlockRow]):
    """Somebody whom one blocks."""

    user_id = serializers.UUIDField()
    display_name = serializers.CharField()
    reason = serializers.CharField()
    created_at = serializers.DateTimeField()


def _shown(block: Block) -> dict[str, object]:
    return BlockOut(block_selectors.as_rows(blocks=[block])[0]).data


def _blocked(request: Request, uid: uuid.UUID, reason: str | None) -> Response:
    block, is_new = blocks.block(user=user_of(request), uid=uid, reason=reason)
    return Response(_shown(block), 201 if is_new else 200)


@extend_schema(tags=BLOCKS)
class BlocksView(APIView):
    """Whom one blocks. Nobody is told that they are blocked."""

    refusals = {"get": (404,), "post": (404,)}  # 404: a cursor of no page; nobody whom the caller may know of

    @extend_schema(summary="List whom one blocks", parameters=[*CURSOR], responses=page_of(BlockOut))
    def get(self, request: Request) -> Response:
        """The newest first."""
        pages = CursorPages()
        page = pages.paginate_queryset(block_selectors.list_blocks(user=user_of(request)), request, view=self)
        rows = block_selectors.as_rows(blocks=list(page or []))
        return pages.get_paginated_response([BlockOut(row).data for row in rows])

    @extend_schema(summary="Block somebody", request=BlockIn, responses={200: BlockOut, 201: BlockOut})
    def post(self, request: Request) -> Response:
        """201, or 200 for whom one blocks already, whose `reason` it changes where one is sent; 404, 422."""
        body = BlockIn(data=request.data)
        body.is_valid(raise_exception=True)
        return _blocked(request, body.validated_data["user_id"], body.validated_data.get("reason"))


@extend_schema(tags=BLOCKS)
class BlockView(APIView):
    """A block under the other person's id."""

    @extend_schema(summary="See a block of one's own", responses=BlockOut)
    def get(self, request: Request, user_id: uuid.UUID) -> Response:
        """200; 404 for whom one does not block."""
        return Response(_shown(block_selectors.get_block(user=user_of(request), uid=user_id)))

    @extend_schema(summary="Block this person", request=BlockReasonIn, responses={200: BlockOut, 201: BlockOut})
    def post(self, request: Request, user_id: uuid.UUID) -> Response:
        """As `POST blocks`."""
        body = BlockReasonIn(data=request.data)
        body.is_valid(raise_exception=True)
        return _blocked(request, user_id, body.validated_data.get("reason"))

    @extend_schema(summary="Block somebody no longer", responses={204: None})
    def delete(self, request: Request, user_id: uuid.UUID) -> Response:
        """204; 404 for whom one does not block. What the block ended does not come back."""
        blocks.unblock(user=user_of(request), uid=user_id)
        return Response(status=204)
