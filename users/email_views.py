"""The pages of another e-mail address and of taking it back: parse, one service call, render."""

from __future__ import annotations

from collections.abc import Mapping

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

from . import browser_sessions, selectors
from .email_forms import EmailChangeForm, EmailUndoForm
from .errors import EmailChangeHeld, StepUpRequired
from .forms import CodeForm, ProblemForm
from .requests import user_of
from .services import email_changes
from .types import SignIn
from .views import SignedInPage, redirect_to_next


class _EmailDoor(SignedInPage):
    """What the doors to one's own address share: the page in the state that the account is in."""

    def _page(
        self,
        request: HttpRequest,
        form: ProblemForm | None = None,
        *,
        status: int = 200,
        problem: Problem | None = None,
    ) -> HttpResponse:
        user = user_of(request)
        undoable = selectors.find_undoable_email_change(user=user)
        waiting = None if undoable else selectors.find_open_email_change(user=user)
        form = form or (CodeForm() if waiting else EmailChangeForm())
        context = {"waiting": waiting, "undo_until": undoable and undoable.undo_until}
        return _render(request, "users/email.html", form, context, status=status, problem=problem)


@method_decorator([never_cache], name="dispatch")
class EmailPage(_EmailDoor):
    """The address, and asking for another one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = EmailChangeForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        try:
            email_changes.request(
                **form.cleaned_data,
                user=user_of(request),
                sign_in=_sign_in_of(request),
                client=client_of(request=request),
            )
        except StepUpRequired:
            return redirect_to_next("users:step-up", request.path)
        except EmailChangeHeld as problem:
            messages.error(request, str(problem.title))
            return redirect("users:email-change")
        except Problem as problem:
            return self._page(request, form, problem=problem)
        return redirect("users:email-change")


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class ConfirmEmailPage(_EmailDoor):
    """POST only: type the code that was mailed to the new address."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        try:
            email_changes.confirm(
                **form.cleaned_data,
                user=user_of(request),
                sign_in=_sign_in_of(request),
                client=client_of(request=request),
            )
        except Problem as problem:
            return self._page(request, form, problem=problem)
        messages.success(request, gettext("Your e-mail address is changed. Sign in with the new one from now on."))
        return redirect("users:email-change")


class CancelEmailPage(SignedInPage):
    """POST only: keep the address."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        email_changes.cancel(user=user_of(request))
        messages.success(request, gettext("Your e-mail address stays as it is."))
        return redirect("users:email-change")


@method_decorator([never_cache, sensitive_post_parameters()], name="dispatch")
class UndoEmailPage(View):
    """For who was robbed of their address: the old address and the code that was mailed there."""

    open_to_limited = True

    def get(self, request: HttpRequest) -> HttpResponse:
        return _render(request, "users/undo_email.html", EmailUndoForm(), {})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = EmailUndoForm(request.POST)
        if not form.is_valid():
            return _render(request, "users/undo_email.html", form, {}, status=422)
        try:
            email_changes.undo(**form.cleaned_data, client=client_of(request=request))
        except Problem as problem:
            return _render(request, "users/undo_email.html", form, {}, problem=problem)
        messages.success(
            request,
            gettext("Your address is back and every device is signed out. Now choose a new password: ask for a code."),
        )
        return redirect("users:password-forgot")


def _sign_in_of(request: HttpRequest) -> SignIn:
    sign_in = browser_sessions.sign_in_of(request=request)
    if sign_in is None:
        raise NotAuthenticated
    return sign_in


def _render(
    request: HttpRequest,
    template: str,
    form: ProblemForm,
    context: Mapping[str, object],
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HttpResponse:
    """The page of a form, with what a service refused, if it did."""
    if problem:
        form.add_problem(problem)
    response = render(request, template, {**context, "form": form}, status=problem.status if problem else status)
    for name, value in (problem.headers() if problem else {}).items():
        response[name] = value
    return response
