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

from . import picture_selectors, presence_selectors, selectors, services, social_selectors
from .constants import PROFILE_PER_MINUTE
from .forms import ProfileForm
from .models import Profile
from .services import visits


@per_minute("profile", PROFILE_PER_MINUTE)
@require_safe
def creator(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """A creator's public page."""
    user = find_user_of(request)
    profile = selectors.get_creator(user=user, uid=user_id)
    if request.method == "GET":
        visits.note_look(user=user, profile=profile)
    presence_selectors.attach(user=user, profiles=[profile])
    context = {
        "profile": profile,
        "gallery": picture_selectors.list_gallery(user=user, profile=profile),
        "standing": social_selectors.find_standing(user=user, profile=profile),
    }
    return render(request, "profiles/creator.html", context)


@per_minute("profile", PROFILE_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def edit(request: HttpRequest) -> HttpResponse:
    """The owner's form."""
    user = user_of(request)
    profile = selectors.find_own_profile(user=user)
    if profile is None:
        return redirect("profiles:create")
    if request.method != "POST":
        form = ProfileForm(
            initial=ProfileForm.initial_of(profile), user=user, spoken=profile.languages, profile=profile
        )
        return render(request, "profiles/edit.html", {"form": form})
    form = ProfileForm(request.POST, user=user, spoken=profile.languages, profile=profile)
    if not form.is_valid():
        return render(request, "profiles/edit.html", {"form": form}, status=422)
    try:
        services.update_profile(user=user, **form.as_fields())
    except Problem as problem:
        form.add_problem(problem)
        return render(request, "profiles/edit.html", {"form": form}, status=problem.status)
    messages.success(request, _("Your profile is saved."))
    return redirect("profiles:edit")


@per_minute("profile", PROFILE_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def create(request: HttpRequest) -> HttpResponse:
    """The form for who removed their profile and wants one again."""
    user = user_of(request)
    if selectors.find_own_profile(user=user) is not None:
        return redirect("profiles:edit")
    if request.method != "POST":
        form = ProfileForm(initial=ProfileForm.initial_of(Profile(display_name=user.name)), user=user)
        return render(request, "profiles/create.html", {"form": form})
    form = ProfileForm(request.POST, user=user)
    if form.is_valid():
        try:
            services.create_profile(user=user, **form.as_fields())
        except Problem as problem:
            form.add_problem(problem)
        else:
            messages.success(request, _("Your profile is there."))
            return redirect("profiles:edit")
    return render(request, "profiles/create.html", {"form": form}, status=422)


@per_minute("profile", PROFILE_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def remove(request: HttpRequest) -> HttpResponse:
    """Asks first, then removes the profile; the account stays."""
    user = user_of(request)
    if request.method != "POST":
        return render(request, "profiles/remove.html", {"profile": selectors.get_own_profile(user=user)})
    services.delete_profile(user=user)
    messages.success(request, _("Your profile is removed. You can make a new one when you like."))
    return redirect("profiles:create")
