"""The pages of the second step, the fresh proof and the second factors: parse, one service call, render."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext, ngettext
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from pairly.common.problems import NotAuthenticated, NotFound, Problem
from security.client_ip import client_of

from . import browser_sessions, second_steps, selectors
from .errors import ChallengeOver, InvalidCode, StepUpRequired
from .forms import ProblemForm, SecondCodeForm, TotpCodeForm, TurnEmailOffForm, TurnTotpOffForm
from .models import Session
from .requests import user_of
from .services import challenges, second_factors, step_up
from .types import Method, SignIn
from .views import SignedInPage, get_given_next, get_next_url, redirect_to_next

_SECRETS = [never_cache, sensitive_post_parameters()]


@method_decorator(_SECRETS, name="dispatch")
class SecondStepPage(View):
    """Prove the second step of the sign-in that this browser waits with."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if browser_sessions.sign_in_of(request=request):
            return redirect(get_next_url(request))
        try:
            return super().dispatch(request, *args, **kwargs)
        except ChallengeOver as problem:
            second_steps.forget(request=request)
            messages.error(request, str(problem.title))
            return redirect_to_next("users:sign-in", get_given_next(request))

    def get(self, request: HttpRequest) -> HttpResponse:
        methods = _waiting_methods(request)
        form = SecondCodeForm(initial={"method": _chosen(request.GET.get("method", ""), methods)})
        return _code_page(request, "users/second_step.html", form, methods)

    def post(self, request: HttpRequest) -> HttpResponse:
        methods = _waiting_methods(request)
        form = SecondCodeForm(request.POST)
        if not form.is_valid():
            return _code_page(request, "users/second_step.html", form, methods, status=422)
        try:
            started = challenges.complete(
                token=second_steps.token_of(request=request),
                method=Method(form.cleaned_data["method"]),
                code=form.cleaned_data["code"],
                client=client_of(request=request),
                kind=Session.Kind.WEB,
            )
        except ChallengeOver:
            raise
        except Problem as problem:
            return _code_page(request, "users/second_step.html", form, methods, problem=problem)
        second_steps.forget(request=request)
        browser_sessions.attach(request=request, started=started)
        return redirect(get_next_url(request))


class SecondStepCodePage(View):
    """POST only: have a code mailed for the waiting sign-in."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            challenges.request_code(token=second_steps.token_of(request=request))
        except ChallengeOver:
            pass  # the page that follows says so
        except Problem as problem:
            messages.error(request, str(problem.detail or problem.title))
        else:
            messages.success(request, gettext("A code is on its way. Look into your mail."))
        return redirect_to_next("users:second-step", get_given_next(request), method=Method.EMAIL)


@method_decorator(_SECRETS, name="dispatch")
class ConfirmPage(SignedInPage):
    """A fresh proof that it is still the owner who sits here; then on to what asked for it."""

    open_to_limited = True

    def get(self, request: HttpRequest) -> HttpResponse:
        methods = step_up.list_methods(user=user_of(request))
        form = SecondCodeForm(initial={"method": _chosen(request.GET.get("method", ""), methods)})
        return _code_page(request, "users/step_up.html", form, methods)

    def post(self, request: HttpRequest) -> HttpResponse:
        user = user_of(request)
        methods = step_up.list_methods(user=user)
        form = SecondCodeForm(request.POST)
        if not form.is_valid():
            return _code_page(request, "users/step_up.html", form, methods, status=422)
        try:
            step_up.confirm(
                user=user,
                sign_in=_sign_in(request),
                method=Method(form.cleaned_data["method"]),
                code=form.cleaned_data["code"],
                client=client_of(request=request),
            )
        except Problem as problem:
            return _code_page(request, "users/step_up.html", form, methods, problem=problem)
        return redirect(get_given_next(request) or "users:security")


@method_decorator(never_cache, name="dispatch")
class SecurityPage(SignedInPage):
    """Everything about the safety of one's account, each with its state and where to change it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user = user_of(request)
        context = {
            "state": second_factors.get_state(user=user),
            "n_sessions": selectors.list_sessions(user=user).count(),
        }
        return render(request, "users/security.html", context)


@method_decorator(_SECRETS, name="dispatch")
class TwoFactorPage(SignedInPage):
    """The authenticator app and codes by mail: set up, in use, turned off. `action` says which form was sent."""

    forms: ClassVar[dict[str, type[ProblemForm]]] = {
        "confirm": TotpCodeForm,
        "off": TurnTotpOffForm,
        "email-off": TurnEmailOffForm,
    }

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        action = request.POST.get("action", "")
        if action not in self.forms:
            raise NotFound
        form = self.forms[action](request.POST)
        if not form.is_valid():
            return self._page(request, action=action, form=form, status=422)
        try:
            return self._act(request, action, form.cleaned_data)
        except StepUpRequired:
            raise
        except Problem as problem:
            form.add_problem(_explained(problem))
            return self._page(request, action=action, form=form, problem=problem)

    def _act(self, request: HttpRequest, action: str, fields: dict[str, Any]) -> HttpResponse:
        common: dict[str, Any] = {
            "user": user_of(request),
            "sign_in": _sign_in(request),
            "client": client_of(request=request),
        }
        if action == "confirm":
            codes = second_factors.enable_totp(**common, code=fields["code"])
            if codes:
                return _codes_page(request, codes, is_new=True)
            messages.success(request, gettext("Your authenticator app is set up. Your backup codes stay as they were."))
        elif action == "off":
            second_factors.disable_totp(**common, method=Method(fields["method"]), code=fields["code"])
            messages.success(request, gettext("The authenticator app is turned off."))
        else:
            second_factors.disable_email(**common, password=fields["code"])
            messages.success(request, gettext("No codes by mail are asked for any more."))
        return redirect("users:two-factor")

    def _page(
        self,
        request: HttpRequest,
        *,
        action: str = "",
        form: ProblemForm | None = None,
        status: int = 200,
        problem: Problem | None = None,
    ) -> HttpResponse:
        user, sign_in = user_of(request), _sign_in(request)
        setup = second_factors.find_totp_setup(user=user, sign_in=sign_in)
        shown = {name: form if form and name == action else empty() for name, empty in self.forms.items()}
        context = {
            "state": second_factors.get_state(user=user),
            "setup": setup,
            "qr": base64.b64encode(setup.qr_png).decode() if setup else "",
            "confirm_form": shown["confirm"],
            "off_form": shown["off"],
            "email_off_form": shown["email-off"],
            "is_proven": sign_in.has_strong_factor,
        }
        response = render(request, "users/two_factor.html", context, status=problem.status if problem else status)
        return _with_headers(response, problem)


class BeginTotpPage(SignedInPage):
    """POST only: make a key for an app; the page that follows shows it."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        second_factors.begin_totp(user=user_of(request), sign_in=_sign_in(request))
        return redirect("users:two-factor")


class EnableEmailPage(SignedInPage):
    """POST only: have codes by mail asked for."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            second_factors.enable_email(
                user=user_of(request), sign_in=_sign_in(request), client=client_of(request=request)
            )
        except StepUpRequired:
            raise
        except Problem as problem:
            messages.error(request, str(problem.detail or problem.title))
        else:
            messages.success(request, gettext("From now on a code by mail is asked for when you sign in."))
        return redirect("users:two-factor")


@method_decorator(_SECRETS, name="dispatch")
class BackupCodesPage(SignedInPage):
    """How many are left. POST makes new ones, which are shown in its answer and never again."""

    def get(self, request: HttpRequest) -> HttpResponse:
        state = second_factors.get_state(user=user_of(request))
        return render(request, "users/backup_codes.html", {"state": state})

    def post(self, request: HttpRequest) -> HttpResponse:
        codes = second_factors.renew_backup_codes(
            user=user_of(request), sign_in=_sign_in(request), client=client_of(request=request)
        )
        return _codes_page(request, codes, is_new=False)


def _codes_page(request: HttpRequest, codes: list[str], *, is_new: bool) -> HttpResponse:
    return render(request, "users/backup_codes.html", {"codes": codes, "is_new": is_new})


def _sign_in(request: HttpRequest) -> SignIn:
    sign_in = browser_sessions.sign_in_of(request=request)
    if sign_in is None:
        raise NotAuthenticated
    return sign_in


def _waiting_methods(request: HttpRequest) -> list[Method]:
    return challenges.get_challenged(token=second_steps.token_of(request=request)).methods


def _chosen(wanted: str, methods: list[Method]) -> str:
    """The method whose form is shown: the wanted one, else the first that is typed."""
    typed = [method for method in methods if method != Method.PASSKEY]
    return wanted if wanted in typed else next(iter(typed), "")


def _tabs(methods: Iterable[Method]) -> list[tuple[str, str]]:
    """The methods with a form here, in plain words. A passkey has a button of its own."""
    words = {
        Method.TOTP: gettext("App"),
        Method.BACKUP_CODE: gettext("Backup code"),
        Method.EMAIL: gettext("Mail"),
        Method.APPROVAL: gettext("Other device"),
        Method.PASSWORD: gettext("Password"),
    }
    return [(method.value, words[method]) for method in methods if method in words]


def _code_page(
    request: HttpRequest,
    template: str,
    form: SecondCodeForm,
    methods: list[Method],
    *,
    status: int = 200,
    problem: Problem | None = None,
) -> HttpResponse:
    """The form of one method, with links to the others."""
    chosen = _chosen(form.data.get("method", "") or form.initial.get("method", ""), methods)
    if problem:
        form.add_problem(_explained(problem))
    context = {
        "form": form,
        "methods": methods,
        "chosen": chosen,
        "tabs": _tabs(methods),
        "next": get_given_next(request),
    }
    return _with_headers(render(request, template, context, status=problem.status if problem else status), problem)


def _with_headers(response: HttpResponse, problem: Problem | None) -> HttpResponse:
    """When to come again, if waiting helps."""
    for name, value in (problem.headers() if problem else {}).items():
        response[name] = value
    return response


def _explained(problem: Problem) -> Problem:
    """The same refusal in the words of a form: how many tries are left."""
    if not isinstance(problem, InvalidCode):
        return problem
    n_left = problem.extra.get("attempts_left")
    if n_left is None:
        text = gettext("That code is not right. Type the one that is shown now.")
    elif n_left == 0:
        text = gettext("That is not right. This account is locked for an hour now.")
    else:
        text = ngettext(
            "That is wrong, too old or used already. %(n)d try left.",
            "That is wrong, too old or used already. %(n)d tries left.",
            n_left,
        ) % {"n": n_left}
    row = {"pointer": "/code", "code": problem.code, "detail": text}
    return InvalidCode(text, errors=[row], **problem.extra)
