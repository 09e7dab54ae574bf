from __future__ import annotations

from django.conf import settings
from django.http import HttpResponse


def picture_response(data: bytes) -> HttpResponse:
    """A picture that is kept nowhere on the way."""
    response = HttpResponse(
        data,
        content_type="image/webp",
        headers={"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"},
    )
    if settings.CORS_ALLOWED_ORIGINS:
        response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response
