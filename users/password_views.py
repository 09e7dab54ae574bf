"""The pages of changing a password and of getting a new one: parse, one service call, render."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from pairly.common.problems import Problem
from security.client_ip import client_of
from security.types import Door

from . import browser_sessions
from .errors import SecondFactorRequired
from .forms import PasswordChangeForm, PasswordForgotForm, PasswordResetForm, ProblemForm
from .requests import user_of
from .services import password_resets, passwords
from .views import SignedInPage


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class ChangePasswordPage(SignedInPage):
    """The current password and a new one. Other devices are signed out, this browser stays."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, PasswordChangeForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasswordChangeForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        sign_in = browser_sessions.sign_in_of(request=request)
        if sign_in is None:
            raise PermissionDenied
        user = user_of(request)
        try:
            passwords.change(
                **form.cleaned_data,
                user=user,
                family=sign_in.family,
                door=Door.PAGE,
                client=client_of(request=request),
            )
        except Problem as problem:
            return self._page(request, form, problem=problem)
        browser_sessions.renew(request=request, user=user)
        messages.success(request, gettext("Your password is changed. Your other devices were signed out."))
        return redirect("users:password-change")

    def _page(
        self, request: HttpRequest, form: ProblemForm, *, status: int = 200, problem: Problem | None = None
    ) -> HttpResponse:
        return _render(request, "users/change_password.html", form, status=status, problem=problem)


@method_decorator([never_cache], name="dispatch")
class ForgotPasswordPage(View):
    """Ask for a code. The answer is the page where it is typed, whoever has the address."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return _render(request, "users/forgot_password.html", PasswordForgotForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasswordForgotForm(request.POST)
        if not form.is_valid():
            return _render(request, "users/forgot_password.html", form, status=422)
        email = form.cleaned_data["email"]
        try:
            password_resets.request_code(email=email, client=client_of(request=request))
        except Problem as problem:
            return _render(request, "users/forgot_password.html", form, problem=problem)
        # No redirect: the address would have to stand in its URL to be there in the next form.
        return _render(request, "users/reset_password.html", PasswordResetForm(initial={"email": email}), is_sent=True)


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class ResetPasswordPage(View):
    """Type the code that was mailed, and a new password. Every device is signed out."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return _render(request, "users/reset_password.html", PasswordResetForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PasswordResetForm(request.POST)
        if not form.is_valid():
            return _render(request, "users/reset_password.html", form, status=422)
        try:
            password_resets.reset(**form.get_fields(), client=client_of(request=request))
        except Problem as problem:
            return _render(request, "users/reset_password.html", form, problem=problem)
        messages.success(request, gettext("Your password is changed. Sign in with the new one."))
        return redirect("users:sign-in")


def _render(
    request: HttpRequest,
    template: str,
    form: ProblemForm,
    *,
    status: int = 200,
    problem: Problem | None = None,
    is_sent: bool = False,
) -> HttpResponse:
    """The page of a form, with what a service refused, if it did."""
    if problem:
        form.add_problem(problem)
    # Asked for only after the right code, so that nothing tells which accounts have a second factor.
    asks_second = isinstance(problem, SecondFactorRequired) or bool(form.data.get("method"))
    context = {"form": form, "is_sent": is_sent, "asks_second": asks_second}
    response = render(request, template, context, status=problem.status if problem else status)
    for name, value in (problem.headers() if problem else {}).items():
        response[name] = value
    return response
