"""The month's public numbers of reports, sanctions and appeals, for everybody: as a page and as JSON."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pairly.common.per_minute import per_minute

from . import figure_selectors
from .constants import SHOWN_FROM, TRANSPARENCY_PER_MINUTE


@per_minute("transparency", TRANSPARENCY_PER_MINUTE)
@never_cache
@require_safe
def numbers(request: HttpRequest) -> HttpResponse:
    """The months that are over, the newest first."""
    context = {"months": figure_selectors.list_months(), "shown_from": SHOWN_FROM}
    return render(request, "moderation/transparency.html", context)


@per_minute("transparency", TRANSPARENCY_PER_MINUTE)
@never_cache
@require_safe
def document(request: HttpRequest) -> HttpResponse:
    """The same as JSON: a number below `shown_from` is null."""
    months = [
        {"month": f"{month.month:%Y-%m}", "days_without_figures": month.n_missing, **month.numbers}
        for month in figure_selectors.list_months()
    ]
    return JsonResponse({"shown_from": SHOWN_FROM, "months": months})
