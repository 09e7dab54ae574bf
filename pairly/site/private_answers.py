"""What was made for one person is kept by no cache: not by the browser's, not by one on the way."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import patch_cache_control


class PrivateAnswersMiddleware:
    """`no-store` for the API and for everybody with a session or a token, unless the view says how it is cached."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if not response.has_header("Cache-Control") and _is_private(request):
            patch_cache_control(response, private=True, no_store=True)  # type: ignore[arg-type]  # any response will do
        return response


def _is_private(request: HttpRequest) -> bool:
    return (
        request.path.startswith("/api/")
        or settings.SESSION_COOKIE_NAME in request.COOKIES
        or "Authorization" in request.headers
    )
