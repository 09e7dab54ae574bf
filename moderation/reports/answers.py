"""A reported file as an answer of the page and of the API."""

from __future__ import annotations

from django.http import HttpResponse

from .types import OpenedFile


def answer_with(opened: OpenedFile) -> HttpResponse:
    """A picture to be shown; anything else to be saved as bytes that no browser runs. No cache keeps either."""
    answer = HttpResponse(opened.data, content_type="image/webp" if opened.is_picture else "application/octet-stream")
    answer["Cache-Control"] = "no-store, private"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Disposition"] = "inline" if opened.is_picture else f'attachment; filename="{opened.name}"'
    answer._csp_update = {"sandbox": [""]}  # type: ignore[attr-defined]  # django-csp reads this attribute
    return answer
