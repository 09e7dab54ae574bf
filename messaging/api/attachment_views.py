"""REST doors of attachments: sealed blobs in parts, and out again whole or in ranges."""

from __future__ import annotations

import re
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import IO, Any

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from pairly.common.openapi import header
from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound
from users.requests import user_of

from .. import attachment_selectors
from ..attachment_selectors import Blob
from ..constants import (
    ATTACHMENT_KEPT,
    ATTACHMENT_PART_BYTES,
    ATTACHMENT_PARTS_PER_MINUTE,
    ATTACHMENT_READS_PER_MINUTE,
    ATTACHMENTS_BEGUN_PER_MINUTE,
)
from ..errors import RangeNotSatisfiable
from ..models import AttachmentUpload
from ..protocol.base64url import BadBase64, b64u_decode, b64u_encode
from ..services import attachments
from .attachment_serializers import AttachmentCompleteIn, AttachmentUploadIn, AttachmentUploadOut

OCTETS = "application/octet-stream"
# RFC 9110, section 14.1.2: one range of bytes. Several at once are answered with the whole, as section 14.2 allows.
_RANGE = re.compile(r"bytes=(?:(\d{1,15})-(\d{0,15})|-(\d{1,15}))")


class _Octets(BaseParser):
    """The body as it comes: the service reads it."""

    media_type = OCTETS

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        return stream


class _OctetsRenderer(JSONRenderer):
    """Lets a client ask for bytes by name; what is rendered are refusals."""

    media_type = OCTETS
    format = "octets"


def _upload(upload: AttachmentUpload, status: int = 200) -> Response:
    document = {
        "id": upload.uid,
        "state": upload.state,
        "length": upload.length,
        "part_bytes": ATTACHMENT_PART_BYTES,
        "n_parts": len(upload.parts),
        "received": upload.received,
        "expires_at": upload.created_at + ATTACHMENT_KEPT,
    }
    return Response(AttachmentUploadOut(document).data, status)


@per_minute("attachments", ATTACHMENTS_BEGUN_PER_MINUTE)
class UploadsView(APIView):
    """Files on their way into a conversation, sealed by the client (e2e section 4)."""

    refusals = {"post": (404,)}

    @extend_schema(request=AttachmentUploadIn, responses={201: AttachmentUploadOut})
    def post(self, request: Request) -> Response:
        """Begin one: 201; 403 `blocked`, 404, 422 for a length that is too large or that no sealed file has, 429
        `attachment_quota`."""
        body = AttachmentUploadIn(data=request.data)
        body.is_valid(raise_exception=True)
        fields = body.validated_data
        upload = attachments.begin_upload(
            user=user_of(request), conversation_uid=fields["conversation"], length=fields["length"]
        )
        return _upload(upload, 201)


@per_minute("attachment-parts", ATTACHMENT_PARTS_PER_MINUTE)
class UploadView(APIView):
    """One's own upload."""

    refusals = {"delete": (409,)}

    @extend_schema(responses=AttachmentUploadOut)
    def get(self, request: Request, uid: uuid.UUID) -> Response:
        """Where it stands: which parts are there, to go on after a connection was lost."""
        return _upload(attachment_selectors.get_upload(user=user_of(request), uid=uid))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, uid: uuid.UUID) -> Response:
        """Call it off, also when it is complete; 409 `attachment_used` once a message refers to it."""
        attachments.cancel_upload(user=user_of(request), uid=uid)
        return Response(status=204)


@per_minute("attachment-parts", ATTACHMENT_PARTS_PER_MINUTE)
class UploadPartView(APIView):
    """A part of one's own upload."""

    parser_classes = [_Octets]
    refusals = {"put": (409,)}

    @extend_schema(request={OCTETS: OpenApiTypes.BINARY}, responses={204: None})
    def put(self, request: Request, uid: uuid.UUID, number: int) -> Response:
        """Send part `number`, from 0: 204, also when it is sent again. 422 unless it is as long as it has to be, 409
        `upload_closed`."""
        length = request.META.get("CONTENT_LENGTH", "")
        body: Any = request.data if length not in ("", "0") else request._request
        attachments.put_part(
            user=user_of(request),
            uid=uid,
            number=number,
            body=body,
            n_bytes=int(length) if length.isascii() and length.isdigit() else None,
        )
        return Response(status=204)


@per_minute("attachments", ATTACHMENTS_BEGUN_PER_MINUTE)
class UploadCompleteView(APIView):
    """The end of one's own upload."""

    refusals = {"post": (409,)}

    @extend_schema(request=AttachmentCompleteIn, responses=AttachmentUploadOut)
    def post(self, request: Request, uid: uuid.UUID) -> Response:
        """All parts are there: the hash is checked, and the header of a message may name it. Again: the same answer.
        409 `parts_missing` (with `missing`), `upload_changed`, `attachment_used`; 422 where the hash is another."""
        body = AttachmentCompleteIn(data=request.data)
        body.is_valid(raise_exception=True)
        sha256 = _hash_of(body.validated_data["sha256"])
        return _upload(attachments.complete_upload(user=user_of(request), uid=uid, sha256=sha256))


@per_minute("attachment-reads", ATTACHMENT_READS_PER_MINUTE)
class BlobView(APIView):
    """A sealed file of one's conversation."""

    renderer_classes = (JSONRenderer, _OctetsRenderer)
    refusals = {"get": (416,)}

    @extend_schema(
        parameters=[header("Range", "one range of bytes (RFC 9110, section 14); several are answered with the whole")],
        responses={(200, OCTETS): OpenApiTypes.BINARY, (206, OCTETS): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, conversation_id: uuid.UUID, sha256: str) -> StreamingHttpResponse:
        """Its bytes, for the two who write with each other only: 206 with `Range`. What they mean says the message
        whose header names this hash."""
        blob = attachment_selectors.get_blob(
            user=user_of(request), conversation_uid=conversation_id, sha256=_hash_of(sha256)
        )
        return _blob(request._request, blob)


def _hash_of(text: str) -> bytes:
    try:
        return b64u_decode(text)
    except BadBase64 as error:
        raise NotFound() from error


def _blob(request: HttpRequest, blob: Blob) -> StreamingHttpResponse:
    """To be saved, never shown, kept by no cache: nobody could read it in one, but deleted is deleted."""
    etag = f'"{b64u_encode(blob.sha256)}"'
    wanted = request.headers.get("Range", "") if request.headers.get("If-Range", etag) == etag else ""
    bounds = _bounds(wanted, blob.length)
    first, last = bounds or (0, blob.length - 1)
    chunks = blob.read(first=first, last=last)
    # Django reads a synchronous stream into memory before it sends it under ASGI, and the other way round.
    response = StreamingHttpResponse(
        _read(chunks) if isinstance(request, ASGIRequest) else chunks,
        status=206 if bounds else 200,
        content_type=OCTETS,
        headers={
            "Content-Length": str(last - first + 1),
            "Content-Disposition": "attachment",
            "Accept-Ranges": "bytes",
            "ETag": etag,
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
    if bounds:
        response["Content-Range"] = f"bytes {first}-{last}/{blob.length}"
    response._csp_update = {"sandbox": [""]}  # type: ignore[attr-defined]  # django-csp reads this attribute
    return response


def _bounds(wanted: str, length: int) -> tuple[int, int] | None:
    """First and last byte of the one range that `wanted` names; None where it names none. Raises
    RangeNotSatisfiable."""
    found = _RANGE.fullmatch(wanted)
    if found is None:
        return None
    start, end, n_last = found.groups()
    if end and int(end) < int(start):
        return None
    first = max(0, length - int(n_last)) if n_last else int(start)
    last = min(int(end), length - 1) if end else length - 1
    if first > last:
        raise RangeNotSatisfiable(length=length)
    return first, last


async def _read(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    while chunk := await sync_to_async(_next)(chunks):
        yield chunk


def _next(chunks: Iterator[bytes]) -> bytes:
    return next(chunks, b"")
