"""Whom to tell of a weakness (RFC 9116)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

# Section 2.5.5 recommends less than a year. The document is made anew each time, so it never runs out.
VALID_FOR = timedelta(days=90)


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:
    """The document; 404 where nobody was named, for a contact that nobody reads is worse than none."""
    if not settings.SECURITY_CONTACT:
        raise Http404
    expires_at = datetime.now(UTC).replace(microsecond=0) + VALID_FOR
    lines = [
        f"Contact: {settings.SECURITY_CONTACT}",
        f"Expires: {expires_at:%Y-%m-%dT%H:%M:%SZ}",
        f"Preferred-Languages: {', '.join(code for code, _name in settings.LANGUAGES)}",
        f"Canonical: {settings.PUBLIC_URL}{reverse('site:security-txt')}",
    ]
    return HttpResponse("\n".join([*lines, ""]), content_type="text/plain; charset=utf-8")
