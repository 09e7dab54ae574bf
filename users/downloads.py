"""Handing a private file to its owner, in chunks, under either kind of server."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator

from asgiref.sync import sync_to_async
from django.core.files import File
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, StreamingHttpResponse
from django.utils.http import content_disposition_header

from security.client_ip import client_of

from .models import User
from .services import exports
from .types import SignIn


def export_response(
    *, request: HttpRequest, user: User, sign_in: SignIn, export_id: uuid.UUID
) -> StreamingHttpResponse:
    """The file of a copy of one's data: to be saved, never shown, kept by no cache. Raises as `exports.open_file`."""
    export, file = exports.open_file(user=user, sign_in=sign_in, uid=export_id, client=client_of(request=request))
    # Django reads a synchronous stream into memory before it sends it under ASGI, and the other way round.
    chunks = _read(file) if isinstance(request, ASGIRequest) else file.chunks()
    response = StreamingHttpResponse(chunks, content_type="application/zip")
    response._resource_closers.append(file.close)  # type: ignore[attr-defined]  # as Django's own FileResponse does
    name = f"pairly-{export.ready_at:%Y-%m-%d}.zip"
    response["Content-Disposition"] = content_disposition_header(as_attachment=True, filename=name) or "attachment"
    response["Content-Length"] = str(export.n_bytes)
    response["Cache-Control"] = "no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


async def _read(file: File[bytes]) -> AsyncIterator[bytes]:
    while chunk := await sync_to_async(file.read)(file.DEFAULT_CHUNK_SIZE):
        yield chunk
