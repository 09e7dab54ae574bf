"""The outermost layer: every request has an id, one line in the log, and its place in the metrics.

The id is in every line that is logged on the way, in the security log, in the jobs that the request starts
(`task_log`) and in the answer's `X-Request-ID`. The line holds the pattern of the URL and never the URL itself: ids,
codes and queries stay out of it, as do addresses, names, bodies and cookies.

Synchronous like all layers, so that Django crosses into a thread once a request, not once a layer.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from pairly.site import metrics
from security import event_log
from security.client_ip import client_of

HEADER = "X-Request-ID"
REQUEST_ID = "http.request.id"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
UNMATCHED = "unmatched"
# Asked every few seconds by machines, or answered from memory.
QUIET = frozenset({"site:health", "site:ready", "site:metrics", "static", "media"})

# Answers that the security log has as well, with their route: what was not allowed, and what we did not expect.
TOLD: dict[int, tuple[str, event_log.Severity]] = {
    403: ("access.refused", "notice"),
    500: ("error.unexpected", "warning"),
}

# A UUID, or the same without hyphens as nginx makes it: nothing that could carry words.
_WELL_FORMED = re.compile(r"[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}")
_NAMED_GROUP = re.compile(r"\(\?P<(\w+)>[^)]*\)|[\^$]|\\Z")

log = structlog.get_logger("pairly.request")


class RequestLogMiddleware:
    """Names the request, times it, and writes its line when the answer is there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request_id = _id_of(request)
        structlog.contextvars.clear_contextvars()  # threads are used again
        structlog.contextvars.bind_contextvars(**{REQUEST_ID: request_id, "trace.id": request_id.replace("-", "")})
        source = event_log.set_source(ip=client_of(request=request).ip)
        started_ns = time.perf_counter_ns()
        metrics.begin()
        try:
            response = self._get_response(request)
            response.headers[HEADER] = request_id
            _record(request, response, time.perf_counter_ns() - started_ns)
            return response
        finally:
            metrics.end()
            event_log.reset_source(source)
            structlog.contextvars.clear_contextvars()


def _id_of(request: HttpRequest) -> str:
    """The id that a trusted proxy gave, if it is well-formed, else one of our own."""
    given = request.META.get("HTTP_X_REQUEST_ID", "")
    if settings.TRUSTED_PROXY_COUNT > 0 and _WELL_FORMED.fullmatch(given):
        return str(uuid.UUID(given))
    return str(uuid.uuid4())


def _record(request: HttpRequest, response: HttpResponseBase, duration_ns: int) -> None:
    method = request.method if request.method in METHODS else "OTHER"
    name, pattern = route_of(request)
    status = response.status_code
    metrics.observe(method=str(method), route=name, status=status, seconds=duration_ns / 1e9)
    if status in TOLD:
        action, severity = TOLD[status]
        user_uid = uuid.UUID(user["user.id"]) if (user := _user_of(request)) else None
        event_log.write(action=action, outcome="failure", severity=severity, user_uid=user_uid, reason=name)
    content = b"" if response.streaming else getattr(response, "content", b"")
    write = log.debug if _is_quiet(name) else log.error if status == 500 else log.info
    if status == 500 or not _is_quiet(name):
        write(
            f"{method} {pattern} {status}",
            **{
                "event.dataset": "pairly.request",
                "event.kind": "event",
                "event.category": "web",
                "event.action": name,
                "event.outcome": "success" if status < 400 else "failure",
                "event.duration": duration_ns,
                "http.request.method": method,
                "http.response.status_code": status,
                "http.response.body.bytes": len(content),
                "url.path": pattern,
                **_user_of(request),
            },
        )


def route_of(request: HttpRequest) -> tuple[str, str]:
    """The name of the route and its pattern; both come from our own code, so there are only so many."""
    match = request.resolver_match
    if match is not None:
        return match.view_name or match.route or UNMATCHED, "/" + _NAMED_GROUP.sub(_placeholder, match.route)
    if request.path.startswith(settings.STATIC_URL):
        return "static", f"{settings.STATIC_URL}*"
    return UNMATCHED, UNMATCHED


def _placeholder(match: re.Match[str]) -> str:
    return f"<{match[1]}>" if match[1] else ""


def _is_quiet(name: str) -> bool:
    return name in QUIET or name.removeprefix("api-v1:").removeprefix("api:") in ("health", "ready", "metrics")


def _user_of(request: HttpRequest) -> dict[str, str]:
    """The public id of who is signed in, as far as a layer or a view has already asked: nobody is looked up here."""
    user = request.__dict__.get("user")
    uid = user.__dict__.get("uid") if user is not None else None
    return {"user.id": str(uid)} if uid else {}
