"""The pages of signing up, in and out: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext, ngettext
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from pairly.common.own_path import own_path
from pairly.common.problems import Problem
from security.client_ip import client_of
from security.types import Door

from . import browser_sessions, device_cookies, second_steps, selectors
from .errors import InvalidCredentials
from .forms import CodeForm, ProblemForm, SignInForm, SignInsForm, SignUpForm
from .models import Session, User
from .services import accounts, email_codes, sessions, sign_in, step_up
from .types import Challenged, StartedSession


@method_decorator([never_cache, sensitive_post_parameters("password")], name="dispatch")
class EntryPage(View):
    """A page with one form that ends in a signed-in browser. Who is signed in already is sent on."""

    form_class: type[ProblemForm]
    template_name: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if browser_sessions.sign_in_of(request=request):
            return redirect(get_next_url(request))
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, self.form_class(initial=self._initial(request)), status=200)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form_class(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        self.device = device_cookies.device_of(request=request)
        try:
            started = self._start(request, form.cleaned_data)
        except Problem as problem:
            form.add_problem(_explained(problem))
            return self._page(request, form, status=problem.status, headers=problem.headers())
        if isinstance(started, Challenged):
            second_steps.wait_for(request=request, challenged=started)
            response = redirect_to_next("users:second-step", get_given_next(request))
        else:
            browser_sessions.attach(request=request, started=started)
            response = redirect(get_next_url(request))
        device_cookies.keep(response=response, device=self.device)
        return response

    def _initial(self, request: HttpRequest) -> dict[str, Any]:
        return {}

    def _start(self, request: HttpRequest, fields: dict[str, Any]) -> StartedSession | Challenged:
        raise NotImplementedError

    def _page(
        self, request: HttpRequest, form: ProblemForm, *, status: int, headers: dict[str, str] | None = None
    ) -> HttpResponse:
        context = {"form": form, "next": get_given_next(request)}
        response = render(request, self.template_name, context, status=status)
        for name, value in (headers or {}).items():
            response[name] = value
        return response


class SignUpPage(EntryPage):
    form_class = SignUpForm
    template_name = "users/sign_up.html"

    def _initial(self, request: HttpRequest) -> dict[str, Any]:
        role = request.GET.get("role")
        return {"role": role} if role in User.Role.values else {}

    def _start(self, request: HttpRequest, fields: dict[str, Any]) -> StartedSession:
        return accounts.sign_up(**fields, kind=Session.Kind.WEB, client=client_of(request=request), device=self.device)


class SignInPage(EntryPage):
    form_class = SignInForm
    template_name = "users/sign_in.html"

    def _start(self, request: HttpRequest, fields: dict[str, Any]) -> StartedSession | Challenged:
        return sign_in.sign_in(
            **fields,
            kind=Session.Kind.WEB,
            door=Door.PAGE,
            client=client_of(request=request),
            device=self.device,
        )


class SignOutPage(View):
    """POST only: a link or a picture must not sign anyone out."""

    http_method_names = ["post"]
    open_to_limited = True

    def post(self, request: HttpRequest) -> HttpResponse:
        current = browser_sessions.sign_in_of(request=request)
        if current:
            sessions.end_family(family=current.family, reason="signed_out")
        browser_sessions.detach(request=request)
        return redirect(settings.LOGIN_URL)


class SignedInPage(View):
    """A page for who is signed in; others are asked to and come back."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if not isinstance(request.user, User):
            return redirect_to_login(request.path)
        return super().dispatch(request, *args, **kwargs)


class StepUpPage(SignedInPage):
    """A page for who has proven within STEP_UP_LIFE that it is they; others are asked to and come back."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        sign_in = browser_sessions.sign_in_of(request=request)
        if sign_in is not None:
            step_up.require(user=_person(request), sign_in=sign_in)
        return super().dispatch(request, *args, **kwargs)


@method_decorator(never_cache, name="dispatch")
class VerifyEmailPage(SignedInPage):
    """Type the code that was mailed."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if _person(request).email_verified_at is not None:
            return redirect(get_next_url(request))
        return self._page(request, CodeForm(), status=200)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = CodeForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        try:
            email_codes.verify(user=_person(request), code=form.cleaned_data["code"])
        except Problem as problem:
            form.add_problem(problem)
            return self._page(request, form, status=problem.status)
        messages.success(request, gettext("Your e-mail address is confirmed."))
        return redirect(get_next_url(request))

    def _page(self, request: HttpRequest, form: ProblemForm, *, status: int) -> HttpResponse:
        context = {"form": form, "email": _person(request).email}
        return render(request, "users/verify_email.html", context, status=status)


class ResendEmailCodePage(SignedInPage):
    """POST only: have another code mailed."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            email_codes.request_code(user=_person(request))
        except Problem as problem:
            messages.error(request, str(problem.detail or problem.title))
        else:
            messages.success(request, gettext("A new code is on its way."))
        return redirect("users:email-verify")


def redirect_to_next(name: str, following: str, **query: str) -> HttpResponse:
    """To a page of ours that leads on to `following` in the end."""
    wanted = {**query, "next": following} if following else query
    return redirect(f"{reverse(name)}?{urlencode(wanted)}" if wanted else reverse(name))


def _person(request: HttpRequest) -> User:
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user


def _explained(problem: Problem) -> Problem:
    """The same refusal in the words of a form."""
    if not isinstance(problem, InvalidCredentials):
        return problem
    n_left: int = problem.extra["attempts_left"]
    if n_left == 0:
        problem.detail = gettext("E-mail address or password is wrong. This account is locked for an hour now.")
    else:
        problem.detail = ngettext(
            "E-mail address or password is wrong. %(n)d try left.",
            "E-mail address or password is wrong. %(n)d tries left.",
            n_left,
        ) % {"n": n_left}
    return problem


def get_given_next(request: HttpRequest) -> str:
    """Where the visitor was going: a path of ours, or nothing."""
    return own_path(request.POST.get("next") or request.GET.get("next"))


def get_next_url(request: HttpRequest) -> str:
    """`get_given_next`, or where a sign-in leads."""
    return get_given_next(request) or resolve_url(settings.LOGIN_REDIRECT_URL)


@method_decorator(never_cache, name="dispatch")
class SessionsPage(SignedInPage):
    """Where one is signed in."""

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = selectors.list_session_rows(user=_person(request), current=_current_family(request))
        return render(request, "users/sessions.html", {"rows": rows})


class EndSessionPage(SignedInPage):
    """POST only: end one sign-in; 404 for anyone else's. Ending this browser's own is signing out."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, session_id: uuid.UUID) -> HttpResponse:
        is_current = session_id == _current_family(request)
        sessions.end_session(
            user=_person(request), family=session_id, reason="signed_out" if is_current else "signed_out_elsewhere"
        )
        if is_current:
            browser_sessions.detach(request=request)
            return redirect(settings.LOGIN_URL)
        messages.success(request, gettext("That sign-in has ended."))
        return redirect("users:sessions")


class EndOtherSessionsPage(SignedInPage):
    """POST only: end every sign-in but this browser's."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        sessions.end_sessions(
            user=_person(request), reason="signed_out_elsewhere", except_family=_current_family(request)
        )
        messages.success(request, gettext("You are signed out everywhere else."))
        return redirect("users:sessions")


@method_decorator(never_cache, name="dispatch")
class SignInsPage(SignedInPage):
    """Who tried to sign in to one's account; the filter lives in the URL."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = SignInsForm(request.GET)
        form.is_valid()
        page = selectors.get_sign_in_page(user=_person(request), wanted=form.get_wanted(), before_id=form.get_before())
        following = request.GET.copy()
        following["before"] = str(page.before)
        context = {"form": form, "rows": page.rows, "following": following.urlencode() if page.before else ""}
        return render(request, "users/sign_ins.html", context)


def _current_family(request: HttpRequest) -> uuid.UUID:
    sign_in = browser_sessions.sign_in_of(request=request)
    if sign_in is None:
        raise PermissionDenied
    return sign_in.family
