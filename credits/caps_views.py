"""The page of spending caps and cool-offs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from pairly.common.per_minute import per_minute
from pairly.common.problems import Problem
from users.requests import user_of
from users.views import SignedInPage

from . import caps_selectors
from .constants import WALLET_PER_MINUTE
from .forms import CapsForm, CoolOffForm
from .services import caps


@per_minute("wallet", WALLET_PER_MINUTE)
@method_decorator(never_cache, name="dispatch")
class CapsPage(SignedInPage):
    """What is used of each limit, and changing them."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return _page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CapsForm(request.POST)
        if not form.is_valid():
            return _page(request, form=form)
        try:
            found = caps.set_caps(user=user_of(request), at=timezone.now(), **form.wanted())
        except Problem as problem:
            form.add_problem(problem)
            return _page(request, form=form)
        waiting = [cap.raise_at for cap in found.caps if cap.raise_at]
        if waiting:
            messages.info(
                request,
                _("Saved. What is lower holds now, what is higher from %(when)s UTC on.")
                % {"when": date_format(max(waiting), "j M, H:i")},
            )
        else:
            messages.success(request, _("Saved. Your limits hold from now on."))
        return redirect("credits:caps")


@per_minute("wallet", WALLET_PER_MINUTE)
@method_decorator(never_cache, name="dispatch")
class KeepCapPage(SignedInPage):
    """POST only: take back a raise that waits."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        caps.keep_cap(user=user_of(request), name=request.POST.get("cap", ""), at=timezone.now())
        messages.success(request, _("The limit stays as it is."))
        return redirect("credits:caps")


@per_minute("wallet", WALLET_PER_MINUTE)
@method_decorator(never_cache, name="dispatch")
class CoolOffPage(SignedInPage):
    """POST only: spend nothing for a while."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CoolOffForm(request.POST)
        if not form.is_valid():
            return _page(request, cool_off=form)
        try:
            until = caps.cool_off(user=user_of(request), length=form.cleaned_data["length"], at=timezone.now())
        except Problem as problem:
            form.add_problem(problem)
            return _page(request, cool_off=form)
        messages.success(
            request, _("Nothing can be spent until %(when)s UTC.") % {"when": date_format(until, "j M Y, H:i")}
        )
        return redirect("credits:caps")


def _page(request: HttpRequest, *, form: CapsForm | None = None, cool_off: CoolOffForm | None = None) -> HttpResponse:
    user = user_of(request)
    found = caps_selectors.get_caps(user_id=user.pk, at=timezone.now())
    context = {
        "caps": found.caps,
        "cool_off_until": found.cool_off_until,
        "ceiling_centi": caps.ceiling_centi(user=user),
        "form": form or CapsForm.showing(found),
        "cool_off": cool_off or CoolOffForm(),
    }
    is_refused = any(one is not None and one.errors for one in (form, cool_off))
    return render(request, "credits/caps.html", context, status=422 if is_refused else 200)
