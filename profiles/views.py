from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from pairly.common.per_minute import per_minute
from pairly.common.problems import Problem
from users.requests import find_user_of, user_of

from . import selectors, services
from .constants import PROFILE_PER_MINUTE
from .forms import DiscoverForm, ProfileForm


@require_safe
def discover(request: HttpRequest) -> HttpResponse:
    """Creators to write to; the filter lives in the URL."""
    form = DiscoverForm(request.GET)
    form.is_valid()
    page = selectors.get_creator_page(
        user=find_user_of(request),
        wanted=form.get_wanted(),
        sort=form.get_sort(),
        after=request.GET.get("after", ""),
    )
    following = request.GET.copy()
    following["after"] = page.after
    context = {"form": form, "creators": page.rows, "following": following.urlencode() if page.after else ""}
    return render(request, "profiles/discover.html", context)


@per_minute("profile", PROFILE_PER_MINUTE)
@require_safe
def creator(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """A creator's public page."""
    return render(
        request, "profiles/creator.html", {"profile": selectors.get_creator(user=find_user_of(request), uid=user_id)}
    )


@per_minute("profile", PROFILE_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def edit(request: HttpRequest) -> HttpResponse:
    """The owner's form."""
    user = user_of(request)
    profile = selectors.get_own_profile(user=user)
    if request.method != "POST":
        form = ProfileForm(initial=ProfileForm.initial_of(profile), user=user, spoken=profile.languages)
        return render(request, "profiles/edit.html", {"form": form})
    form = ProfileForm(request.POST, user=user, spoken=profile.languages)
    if not form.is_valid():
        return render(request, "profiles/edit.html", {"form": form}, status=422)
    try:
        services.update_profile(user=user, **form.as_fields())
    except Problem as problem:
        form.add_problem(problem)
        return render(request, "profiles/edit.html", {"form": form}, status=problem.status)
    messages.success(request, _("Your profile is saved."))
    return redirect("profiles:edit")
