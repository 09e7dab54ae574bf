"""What the headers of an answer have to be (P7), as a list of what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from django.conf import settings

STRICT = {
    "default-src": ["'none'"],
    "style-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "frame-ancestors": ["'none'"],
    "base-uri": ["'none'"],
}
TRUSTED_TYPES = {"require-trusted-types-for": ["'script'"], "trusted-types": ["pairly-worker"]}
SAME = {
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
DENIED = {"camera", "microphone", "geolocation", "payment", "usb", "display-capture", "clipboard-read"}
FOR_EVERYBODY = ("/static/", "/media/")
# The same to every stranger, and seen to change within a minute.
CHECKED_BY_ANYBODY = re.compile(
    r"/verify/[A-Z2-7]{16}|/api/(v1/)?certificates/[A-Z2-7]{16}|/\.well-known/pairly-certificates(/revoked)?"
)
READ_BY_SCRIPTS = {"pairly_csrf", "__Host-pairly_csrf"}
KEY_PAGE = "/keys/"
LOCATING_PAGE = "/nearby/"
SCANNING_PAGE = re.compile(r"/conversations/[^/]+/safety/")
RECORDING_PAGE = re.compile(r"/conversations/[^/]+/")


def policy_of(answer: Any) -> dict[str, list[str]]:
    parts = [part.split() for part in answer.headers.get("Content-Security-Policy", "").split(";") if part.strip()]
    return {part[0]: part[1:] for part in parts}


def faults_of(answer: Any, *, path: str, is_private: bool = False) -> list[str]:
    """What is wrong. `is_private`: the caller is signed in."""
    return [
        *_of_the_policy(policy_of(answer), path, answer.status_code),
        *_of_single_headers(answer, path),
        *_of_caching(answer, path, is_private),
        *_of_cookies(answer),
        *_of_the_way_on(answer),
    ]


def _of_the_policy(policy: dict[str, list[str]], path: str, status: int) -> Iterator[str]:
    wanted = STRICT | ({} if path.startswith(("/admin/", "/api/")) else TRUSTED_TYPES)
    yield from (f"{name} {policy.get(name)}" for name, values in wanted.items() if policy.get(name) != values)
    scripts = ["'self'"]
    if path.split("?")[0] == KEY_PAGE and status == 200:
        scripts.append("'wasm-unsafe-eval'")
    if policy.get("script-src") != scripts:
        yield f"script-src {policy.get('script-src')}"
    if "unsafe-inline" in str(policy) or "'unsafe-eval'" in str(policy) or "*" in str(policy):
        yield f"loose {policy}"
    if (policy.get("form-action") or [""])[0] != "'self'" or len(policy["form-action"]) != 2:
        yield f"form-action {policy.get('form-action')}"


def _of_single_headers(answer: Any, path: str) -> Iterator[str]:
    for name, value in SAME.items():
        if answer.headers.get(name) != value:
            yield f"{name}: {answer.headers.get(name)}"
    features = answer.headers.get("Permissions-Policy", "")
    own = _own_feature_of(path.split("?")[0])
    yield from (f"Permissions-Policy without {name}" for name in DENIED - own if f"{name}=()" not in features)
    yield from (f"Permissions-Policy without the page's own {name}" for name in own if f"{name}=(self)" not in features)
    yield from (f"tells {name}" for name in ("Server", "X-Powered-By") if name in answer.headers)


def _own_feature_of(place: str) -> set[str]:
    """What this page alone may ask the browser for."""
    if place == LOCATING_PAGE:
        return {"geolocation"}
    if SCANNING_PAGE.fullmatch(place):
        return {"camera"}
    return {"microphone"} if RECORDING_PAGE.fullmatch(place) else set()


def _of_caching(answer: Any, path: str, is_private: bool) -> Iterator[str]:
    caching = answer.headers.get("Cache-Control", "")
    if path.startswith(FOR_EVERYBODY) and answer.status_code == 200:
        return
    is_checked = CHECKED_BY_ANYBODY.fullmatch(path.split("?")[0]) and answer.status_code in (200, 304)
    if is_checked and not is_private and caching == "public, max-age=25, must-revalidate":
        return
    if (is_private or path.startswith("/api/")) and "no-store" not in caching:
        yield f"Cache-Control: {caching}"
    if "public" in caching or "s-maxage" in caching:
        yield f"Cache-Control: {caching}"


def _of_cookies(answer: Any) -> Iterator[str]:
    for name, morsel in answer.cookies.items():
        is_gone = morsel["max-age"] == 0 or "1970" in str(morsel["expires"])
        if not morsel["samesite"] or morsel["domain"] or morsel["path"] != "/":
            yield f"cookie {morsel.OutputString()}"
        if not morsel["httponly"] and not is_gone and name not in READ_BY_SCRIPTS:
            yield f"cookie for scripts {name}"
        if settings.SECURE_COOKIES and not (morsel["secure"] and name.startswith("__Host-")):
            yield f"cookie without TLS {name}"


def _of_the_way_on(answer: Any) -> Iterator[str]:
    location = answer.headers.get("Location", "")
    if not location:
        return
    is_shop = location.startswith(f"{settings.STRIPE_API_BASE}/")
    if not is_shop and not re.match(r"/(?![/\\])", location):
        yield f"leads away: {location}"
    said = unquote(location)
    if "@" in said or re.search(r"[?&](token|code|state|access|refresh|email)\w*=", said):
        yield f"tells: {location}"
