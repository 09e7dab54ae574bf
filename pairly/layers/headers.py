"""Headers that every answer bears, refusals of the layers below and files included.

A view that sets one of them itself is left alone: `setdefault` throughout.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

# What pages may ask a browser for. Passkeys and copying a recovery code are our own pages' only.
_DENIED = (
    "accelerometer", "autoplay", "camera", "clipboard-read", "display-capture", "encrypted-media", "fullscreen",
    "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone", "midi", "payment",
    "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
_OWN = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS_POLICY = ", ".join([*(f"{name}=()" for name in _DENIED), *(f"{name}=(self)" for name in _OWN)])
# The one page with a button that asks the browser where one is, the one that scans somebody's safety number, and those
# where a voice note can be recorded.
_FEATURES = (
    ("geolocation", re.compile(r"/nearby/")),
    ("camera", re.compile(r"/conversations/[^/]+/safety/")),
    ("microphone", re.compile(r"/conversations/[^/]+/")),
)

_ALWAYS = {
    "Permissions-Policy": PERMISSIONS_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
    "Cross-Origin-Opener-Policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
}
# Scripts of Django's admin and of Swagger write HTML as strings; nobody's words are on those pages.
_WITHOUT_TRUSTED_TYPES = ("/admin/", "/api/")
_NO_TRUSTED_TYPES = {"require-trusted-types-for": None, "trusted-types": None}

_Answers = Callable[[HttpRequest], HttpResponseBase]


class HeadersMiddleware:
    """Adds them. Stands above all that answers, the policy of content (`pairly.layers.policy`) right above it.

    Asynchronous as well as synchronous, so that the layers above and below it choose: it never waits.
    """

    sync_capable = async_capable = True

    def __init__(self, get_response: _Answers) -> None:
        self._get_response = get_response
        self._is_async = iscoroutinefunction(get_response)
        if self._is_async:
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if self._is_async:
            return self._later(request)  # type: ignore[return-value]  # a coroutine for a caller that awaits
        return add_headers(request, self._get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return add_headers(request, await self._get_response(request))  # type: ignore[misc]


def _feature_of(path: str) -> str | None:
    """What this page alone may ask the browser for."""
    return next((feature for feature, place in _FEATURES if place.fullmatch(path)), None)


def add_headers(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """The headers that `response` still lacks."""
    if feature := _feature_of(request.path_info):
        response.headers.setdefault(
            "Permissions-Policy", PERMISSIONS_POLICY.replace(f"{feature}=()", f"{feature}=(self)")
        )
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cross-Origin-Resource-Policy", _who_may_embed(request.path_info))
    if _is_private(request):
        response.headers.setdefault("Cache-Control", "no-store")
    if request.path_info.startswith(_WITHOUT_TRUSTED_TYPES):
        vars(response).setdefault("_csp_replace", {}).update(_NO_TRUSTED_TYPES)  # read by django-csp
    return response


def _who_may_embed(path: str) -> str:
    """Files are fetched across origins where a CDN hands them out, pictures by front ends that CORS_ORIGINS names."""
    is_shared = (path.startswith(("/static/", settings.MEDIA_URL)) and settings.CDN_BASE_URL) or (
        path.startswith(settings.MEDIA_URL) and settings.CORS_ALLOWED_ORIGINS
    )
    return "cross-origin" if is_shared else "same-origin"


def _is_private(request: HttpRequest) -> bool:
    """Whether the answer may be one person's: of the API, tokens too, or to somebody with a session."""
    return request.path_info.startswith("/api/") or settings.SESSION_COOKIE_NAME in request.COOKIES
