from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from pairly.common.problems import InvalidInput
from users.requests import find_user_of, user_of

from . import selectors, services
from .forms import ProfileForm

PAGE = 24


def _credits_to_centi(text: str) -> int | None:
    try:
        return max(0, int(float(text) * 100))
    except (ValueError, OverflowError):
        return None


@require_GET
def discover(request: HttpRequest) -> HttpResponse:
    """Creators to write to; the filter lives in the URL."""
    wanted = selectors.DiscoverFilter(
        q=request.GET.get("q", "").strip()[:80], max_price=_credits_to_centi(request.GET.get("max_price", ""))
    )
    user = find_user_of(request)
    rows = selectors.list_creators(user=user, wanted=wanted).order_by("-pk")
    after = request.GET.get("after", "")
    if after.isascii() and after.isdigit():
        rows = rows.filter(pk__lt=int(after[:18]))
    page = list(rows[: PAGE + 1])
    context = {"creators": page[:PAGE], "after": page[PAGE - 1].pk if len(page) > PAGE else None, "wanted": wanted}
    return render(request, "profiles/discover.html", {**context, "max_price": request.GET.get("max_price", "")})


@require_GET
def creator(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    user = find_user_of(request)
    return render(request, "profiles/creator.html", {"profile": selectors.get_profile(user=user, uid=user_id)})


@require_http_methods(["GET", "POST"])
@login_required
def edit(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    profile = selectors.get_own_profile(user=user)
    if request.method == "GET":
        form = ProfileForm(initial=ProfileForm.initial_of(profile), user=user)
        return render(request, "profiles/edit.html", {"form": form})
    form = ProfileForm(request.POST, user=user)
    if form.is_valid():
        try:
            services.update_profile(user=user, **form.as_fields())
        except InvalidInput as problem:
            for error in problem.errors or []:
                name = {"/price_per_message_centi": "price"}.get(error["pointer"], error["pointer"].strip("/"))
                form.add_error(name if name in form.fields else None, error["detail"])
        else:
            messages.success(request, _("Your profile is saved."))
            return redirect("profiles:edit")
    return render(request, "profiles/edit.html", {"form": form}, status=422)
