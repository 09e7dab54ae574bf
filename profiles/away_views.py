"""Being away, for the form on the creator's page of contact: parse, one service call, render."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound, Problem
from users.requests import user_of

from . import selectors
from .away_forms import AwayForm
from .constants import PROFILE_PER_MINUTE
from .services import away as service


@per_minute("profile", PROFILE_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def away(request: HttpRequest) -> HttpResponse:
    """A creator's form for being away, and the button for being back; fans have neither."""
    user = user_of(request)
    profile = selectors.find_own_profile(user=user)
    if not user.is_creator:
        raise NotFound()
    if profile is None:
        return redirect("profiles:create")
    if request.method == "POST" and "back" in request.POST:
        service.come_back(user=user)
        messages.success(request, _("Welcome back. Messages cost what they did before."))
        return redirect("profiles:away")
    initial = {"until": profile.away_until, "note": profile.away_note} if profile.is_away else {}
    form = AwayForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            service.set_away(user=user, **form.as_fields())
        except Problem as problem:
            form.add_problem(problem)
        else:
            messages.success(request, _("You are away. Writing to you is free until you are back."))
            return redirect("profiles:away")
    status = 422 if form.errors else 200
    return render(request, "profiles/away.html", {"profile": profile, "form": form}, status=status)
