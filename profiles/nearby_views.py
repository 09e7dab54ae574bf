"""The page of creators around a place."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from users.requests import find_user_of

from . import nearby as search
from .nearby_forms import NearbyForm


@require_safe
def nearby(request: HttpRequest) -> HttpResponse:
    """Creators around a city, a rounded point, or where one is oneself; all of it in the URL."""
    user, after = find_user_of(request), request.GET.get("after", "")
    form = NearbyForm(request.GET, user=user)
    form.is_valid()
    page = search.NearbyPage(rows=[])
    if form.origin is not None:
        page = search.get_nearby_page(
            user=user, origin=form.origin, radius_km=form.radius, wanted=form.get_wanted(), after=after
        )
    context = {
        "form": form,
        "neighbours": page.rows,
        "chips": form.list_chips(),
        "query": form.get_query(),
        "alternatives": form.list_alternatives(),
        "following": urlencode([*form.list_pairs(), ("after", page.after)]) if page.after else "",
        "is_further": bool(after),
    }
    return render(request, "profiles/nearby.html", context)
