"""The page of what staff announced: one selector call, render."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from . import announcement_selectors as selectors
from .constants import ANNOUNCEMENTS_PAGE
from .requests import user_of
from .views import SignedInPage


@method_decorator(never_cache, name="dispatch")
class AnnouncementsPage(SignedInPage):
    """What was announced to people like the reader, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = selectors.list_announcement_rows(
            user=user_of(request), limit=ANNOUNCEMENTS_PAGE + 1, before=_before(request.GET.get("before", ""))
        )
        shown = rows[:ANNOUNCEMENTS_PAGE]
        context = {
            "current": [row for row in shown if row.is_current],
            "past": [row for row in shown if not row.is_current],
            "before": shown[-1].uid if len(rows) > ANNOUNCEMENTS_PAGE else None,
        }
        return render(request, "users/announcements.html", context)


def _before(given: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(given)
    except ValueError:
        return None
