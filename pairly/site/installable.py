"""Pairly as an app of the device: its manifest (Web Application Manifest, W3C), its service worker (Service Workers,
W3C) and the page that the worker shows without a network.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language, get_language_bidi, gettext
from django.views.decorators.http import require_safe

# The colours of the page itself (frontend/css/tokens.css). A manifest has the light one; pages name both.
PAPER, DARK_PAPER = "#fbf6ee", "#17121a"
# Where a notification leads: the page of all news.
NEWS = "/notifications/"
# What the offline page needs. They are the same for everybody.
OFFLINE_FILES = (
    "app/main.css",
    "app/art/icon.svg",
    "app/art/mark.svg",
    "app/art/icons.svg",
    "app/fonts/instrument-sans-latin-wght-normal.woff2",
    "app/fonts/instrument-serif-latin-400-normal.woff2",
)


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The manifest, in the reader's language."""

    def icon(name: str, size: str, purpose: str = "any") -> dict[str, str]:
        return {"src": static(f"app/art/{name}"), "sizes": size, "type": "image/png", "purpose": purpose}

    document = {
        "id": "/",
        "name": "Pairly",
        "short_name": "Pairly",
        "description": gettext(
            "Write to creators in end-to-end-encrypted chat. They answer, or your credits come back."
        ),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "lang": get_language(),
        "dir": "rtl" if get_language_bidi() else "ltr",
        "categories": ["social"],
        "icons": [
            icon("icon-192.png", "192x192"),
            icon("icon-512.png", "512x512"),
            icon("icon-maskable-512.png", "512x512", "maskable"),
            {"src": static("app/art/icon.svg"), "sizes": "any", "type": "image/svg+xml", "purpose": "any"},
        ],
    }
    return _served(json.dumps(document, ensure_ascii=False), "application/manifest+json")


@require_safe
def service_worker(request: HttpRequest) -> HttpResponse:
    """The worker for the whole site, with its texts in the reader's language in front; asked for anew each time."""
    facts: dict[str, Any] = {
        "language": get_language(),
        "direction": "rtl" if get_language_bidi() else "ltr",
        "title": gettext("You have news on Pairly"),
        "body": gettext("Open Pairly to see what it is."),
        "icon": static("app/art/icon-192.png"),
        "badge": static("app/art/badge-96.png"),
        "news": NEWS,
        "offline": reverse("site:offline"),
        "files": [static(name) for name in OFFLINE_FILES],
    }
    code = _worker_code()
    facts["version"] = hashlib.sha256((json.dumps(facts) + code).encode()).hexdigest()[:16]
    # JSON in ASCII is JavaScript too.
    response = _served(f"self.PAIRLY={json.dumps(facts)};\n{code}", "text/javascript")
    response.headers["Service-Worker-Allowed"] = "/"
    if settings.CDN_BASE_URL:
        cdn = urlsplit(settings.CDN_BASE_URL)
        update = {"connect-src": [f"{cdn.scheme}://{cdn.netloc}"]}  # it fetches the files of the offline page
        response._csp_update = update  # type: ignore[attr-defined]  # django-csp reads this attribute
    return response


@require_safe
def offline(request: HttpRequest) -> HttpResponse:
    """What the worker shows when there is no network: the same page for everybody, whoever asks."""
    return _served(render_to_string("offline.html"), "text/html")  # without the request: nobody's name gets into it


@cache
def _worker_code() -> str:
    path = settings.BASE_DIR / "frontend" / "dist" / "service-worker.js"
    return str(path.read_text(encoding="utf-8"))


def _served(content: str, kind: str) -> HttpResponse:
    """For everybody alike but for their language; kept by no cache on the way."""
    response = HttpResponse(content, content_type=f"{kind}; charset=utf-8")
    response.headers["Cache-Control"] = "no-cache, no-store"
    patch_vary_headers(response, ("Accept-Language", "Cookie"))
    return response
