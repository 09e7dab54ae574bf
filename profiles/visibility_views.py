"""The page of what others may know of one: parse, one service call, render."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from pairly.common.per_minute import per_minute
from users.requests import user_of

from . import selectors
from .constants import PROFILE_PER_MINUTE
from .services.visibility import SWITCHES, change_visibility


@per_minute("profile", PROFILE_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def visibility(request: HttpRequest) -> HttpResponse:
    """One's switches; who has no profile makes one first."""
    user = user_of(request)
    profile = selectors.find_own_profile(user=user)
    if profile is None:
        return redirect("profiles:create")
    if request.method != "POST":
        return render(request, "profiles/visibility.html", {"profile": profile})
    offered = [name for name in SWITCHES if user.is_creator or name != "is_listed"]
    switches: dict[str, Any] = {name: name in request.POST for name in offered}
    change_visibility(user=user, **switches)
    messages.success(request, _("Saved. It holds from now on."))
    return redirect("profiles:visibility")
