"""The page of the phone number: parse, one service call, render."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from pairly.common.problems import Problem
from security.client_ip import client_of

from . import browser_sessions
from .errors import StepUpRequired
from .forms import PhoneForm
from .requests import user_of
from .services import phones
from .views import SignedInPage


@method_decorator(never_cache, name="dispatch")
class PhonePage(SignedInPage):
    """Set, change or remove the number."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, PhoneForm(initial={"phone": user_of(request).phone or ""}), status=200)

    def post(self, request: HttpRequest) -> HttpResponse:
        form, sign_in = PhoneForm(request.POST), browser_sessions.sign_in_of(request=request)
        if sign_in is None:
            raise PermissionDenied
        if not form.is_valid():
            return self._page(request, form, status=422)
        try:
            phones.change(
                **form.cleaned_data, user=user_of(request), sign_in=sign_in, client=client_of(request=request)
            )
        except StepUpRequired:
            raise
        except Problem as problem:
            form.add_problem(problem)
            return self._page(request, form, status=problem.status)
        messages.success(request, gettext("Your phone number is saved."))
        return redirect("users:phone")

    def _page(self, request: HttpRequest, form: PhoneForm, *, status: int) -> HttpResponse:
        return render(request, "users/phone.html", {"form": form}, status=status)
