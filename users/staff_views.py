"""The pages of accepting an invitation to work here, and of a lost second factor: parse, one service call, render."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from pairly.common.problems import NotAuthenticated, Problem
from security.client_ip import client_of

from . import browser_sessions, device_cookies, second_steps, staff_selectors
from .forms import ProblemForm
from .models import Session
from .requests import find_user_of, user_of
from .services import invitations, recoveries
from .staff_forms import AcceptForm, InvitationForm, RecoveryForm
from .views import SignedInPage

# Staff's pages belong to an app above; they ask for a second factor before they open.
STAFF_HOME = "moderation:home"


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class InvitationPage(View):
    """Type the code that was mailed: as somebody new, or as who one is signed in as."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, self._form_class(request)())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self._form_class(request)(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        try:
            response = self._accept(request, form.cleaned_data)
        except Problem as problem:
            return self._page(request, form, problem=problem)
        messages.success(request, gettext("Welcome. You work at Pairly now."))
        return response

    def _form_class(self, request: HttpRequest) -> type[AcceptForm]:
        return AcceptForm if find_user_of(request) else InvitationForm

    def _accept(self, request: HttpRequest, fields: dict[str, Any]) -> HttpResponse:
        response, user, client = redirect(STAFF_HOME), find_user_of(request), client_of(request=request)
        if user is None:
            device = device_cookies.device_of(request=request)
            started = invitations.accept(**fields, kind=Session.Kind.WEB, client=client, device=device)
            browser_sessions.attach(request=request, started=started)
            device_cookies.keep(response=response, device=device)
            return response
        sign_in = browser_sessions.sign_in_of(request=request)
        if sign_in is None:
            raise NotAuthenticated
        invitations.accept_as(**fields, user=user, sign_in=sign_in, client=client)
        browser_sessions.renew(request=request, user=user)
        return response

    def _page(
        self, request: HttpRequest, form: ProblemForm, *, status: int = 200, problem: Problem | None = None
    ) -> HttpResponse:
        return _render(request, "users/invitation.html", {"form": form}, status=status, problem=problem)


@method_decorator(never_cache, name="dispatch")
class FactorRecoveryPage(View):
    """Ask for the removal of a lost second factor, where a sign-in waits for it; or see what became of that.

    Who is signed in may cancel it here.
    """

    open_to_limited = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, RecoveryForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = RecoveryForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        token = second_steps.token_of(request=request)
        try:
            recoveries.request(token=token, client=client_of(request=request), **form.cleaned_data)
        except Problem as problem:
            return self._page(request, form, problem=problem)
        return redirect("users:factor-recovery")

    def _page(
        self, request: HttpRequest, form: ProblemForm, *, status: int = 200, problem: Problem | None = None
    ) -> HttpResponse:
        user, can_ask = find_user_of(request), False
        if user is None:
            user = recoveries.find_asker(token=second_steps.token_of(request=request))
            can_ask = user is not None
        recovery = staff_selectors.find_open_recovery(user=user) if user else None
        context = {"form": form, "recovery": recovery, "can_ask": can_ask}
        return _render(request, "users/factor_recovery.html", context, status=status, problem=problem)


class CancelRecoveryPage(SignedInPage):
    """POST only: keep the second factor."""

    http_method_names = ["post"]
    open_to_limited = True

    def post(self, request: HttpRequest) -> HttpResponse:
        recoveries.cancel(user=user_of(request))
        messages.success(request, gettext("The request is cancelled. Your second factor stays."))
        return redirect("users:factor-recovery")


def _render(
    request: HttpRequest, template: str, context: dict[str, Any], *, status: int, problem: Problem | None
) -> HttpResponse:
    """The page of a form, with what a service refused, if it did."""
    if problem:
        context["form"].add_problem(problem)
    response = render(request, template, context, status=problem.status if problem else status)
    for name, value in (problem.headers() if problem else {}).items():
        response[name] = value
    return response
