"""The browser's own cookie, by which its sign-ins are known again. It says nothing about who uses the browser."""

from __future__ import annotations

import secrets

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from .constants import DEVICE_COOKIE_LIFE
from .types import Device

_MAX = 64


def device_of(*, request: HttpRequest) -> Device:
    """The browser that asks; one without a cookie gets a new name, which `keep` gives it to hold."""
    known = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")[:_MAX]
    return Device(fingerprint=known or secrets.token_urlsafe(24))


def keep(*, response: HttpResponse, device: Device) -> None:
    """Let the browser hold on to its name for as long as browsers do."""
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        device.fingerprint,
        max_age=int(DEVICE_COOKIE_LIFE.total_seconds()),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
