"""The door of the metrics."""

from __future__ import annotations

import ipaddress

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pairly.common.problems import NotFound

from . import metrics

FORWARDED = ("HTTP_X_FORWARDED_FOR", "HTTP_FORWARDED", "HTTP_X_REAL_IP")


@never_cache
@require_safe
def metrics_text(request: HttpRequest) -> HttpResponse:
    """The metrics of this process, for who has METRICS_TOKEN; without one, for direct requests of this machine. For
    everybody else there is nothing here."""
    if not _may_read(request):
        raise NotFound
    return HttpResponse(metrics.render(), content_type=metrics.CONTENT_TYPE)


def _may_read(request: HttpRequest) -> bool:
    if settings.METRICS_TOKEN:
        scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
        return scheme.lower() == "bearer" and constant_time_compare(token, settings.METRICS_TOKEN)
    return _is_this_machine(request.META.get("REMOTE_ADDR", "")) and not any(h in request.META for h in FORWARDED)


def _is_this_machine(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False
