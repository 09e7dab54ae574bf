"""The pages about one's own data, open to who is suspended or leaving: a copy of it, resting, leaving, who looked."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from pairly.common.problems import Problem
from security.client_ip import client_of

from . import browser_sessions, downloads, privacy_selectors
from .constants import DELETION_GRACE, SUSPENSION_REASONS
from .errors import DeletionBlocked, ExportNotReady, StepUpRequired
from .requests import user_of
from .services import closures, exports
from .types import SignIn
from .views import SignedInPage


@method_decorator(never_cache, name="dispatch")
class OwnDataPage(SignedInPage):
    """What is about one's own data stays open, whatever stops the account."""

    open_to_limited = True


class PrivacyPage(OwnDataPage):
    """Everything in one place; the first page of who is suspended or leaving."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return _privacy_page(request)


class RequestExportPage(OwnDataPage):
    """POST only: have a copy made."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            exports.request(user=user_of(request), sign_in=_sign_in_of(request), client=client_of(request=request))
        except Problem as problem:
            return _privacy_page(request, problem)
        messages.success(request, gettext("We are putting your data together. You get a mail when it is ready."))
        return redirect("users:privacy")


class ExportFilePage(OwnDataPage):
    """The file of a copy; 404 for anyone else's."""

    def get(self, request: HttpRequest, export_id: uuid.UUID) -> HttpResponseBase:
        try:
            return downloads.export_response(
                request=request, user=user_of(request), sign_in=_sign_in_of(request), export_id=export_id
            )
        except (StepUpRequired, ExportNotReady) as problem:
            return _privacy_page(request, problem)


class DeactivatePage(OwnDataPage):
    """POST only: let the account rest. This browser is signed out with all others, and told so."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            closures.deactivate(user=user_of(request), sign_in=_sign_in_of(request), client=client_of(request=request))
        except Problem as problem:
            return _privacy_page(request, problem)
        return _say_goodbye(request, gettext("Your account rests now. Sign in whenever you want to come back."))


class ComeBackPage(OwnDataPage):
    """POST only: end the rest, or keep the account. The next sign-in is a full one again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        is_active = closures.cancel(
            user=user_of(request), sign_in=_sign_in_of(request), client=client_of(request=request)
        )
        if is_active:
            return _say_goodbye(request, gettext("Welcome back! Your account is as it was. Sign in to go on."))
        return _say_goodbye(request, gettext("Your account stays. It is still suspended; sign in to read until when."))


class DeleteAccountPage(OwnDataPage):
    """What deletion means, what has to be settled first, and the button."""

    def get(self, request: HttpRequest) -> HttpResponse:
        closure = privacy_selectors.find_open_closure(user=user_of(request))
        if closure is not None and closure.erase_at is not None:
            return redirect("users:privacy")
        return self._page(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            closure = closures.request_deletion(
                user=user_of(request),
                sign_in=_sign_in_of(request),
                agreed=request.POST.getlist("agreed"),
                client=client_of(request=request),
            )
        except Problem as problem:
            return self._page(request, problem)
        day = f"{closure.erase_at:%Y-%m-%d}"
        return _say_goodbye(
            request,
            gettext("Your account will be deleted on %(day)s. Until then, signing in lets you keep it.") % {"day": day},
        )

    def _page(self, request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
        obstacles = closures.list_obstacles(user=user_of(request))
        agreed = set(request.POST.getlist("agreed"))
        context = {
            "obstacles": [one for one in obstacles if not one.can_agree],
            "consents": [(one, one.code in agreed) for one in obstacles if one.can_agree],
            "is_blocked": isinstance(problem, DeletionBlocked),
            "days": DELETION_GRACE.days,
        }
        return _answer(request, "users/delete_account.html", context, problem)


class AccessesPage(OwnDataPage):
    """Who looked at one's data: the role and the reason, never the name."""

    def get(self, request: HttpRequest) -> HttpResponse:
        before = request.GET.get("before", "")
        before_id = int(before) if before.isdecimal() and len(before) <= 18 else None
        page = privacy_selectors.get_access_page(user=user_of(request), before_id=before_id)
        return render(request, "users/accesses.html", {"rows": page.rows, "before": page.before})


def _privacy_page(request: HttpRequest, problem: Problem | None = None) -> HttpResponse:
    state = privacy_selectors.get_privacy_state(user=user_of(request))
    codes = state.suspension.reasons if state.suspension else []
    context = {
        "state": state,
        "reasons": [SUSPENSION_REASONS[code] for code in codes if code in SUSPENSION_REASONS],
        "is_limited": bool(_sign_in_of(request).limit),
    }
    return _answer(request, "users/privacy.html", context, problem)


def _answer(request: HttpRequest, template: str, context: dict[str, Any], problem: Problem | None) -> HttpResponse:
    context |= {"problem": problem, "needs_step_up": isinstance(problem, StepUpRequired)}
    response = render(request, template, context, status=problem.status if problem else 200)
    for name, value in (problem.headers() if problem else {}).items():
        response[name] = value
    return response


def _say_goodbye(request: HttpRequest, words: str) -> HttpResponse:
    """This browser's sign-in has ended with all others; the page of signing in says why."""
    browser_sessions.detach(request=request)
    messages.success(request, words)
    return redirect(settings.LOGIN_URL)


def _sign_in_of(request: HttpRequest) -> SignIn:
    sign_in = browser_sessions.sign_in_of(request=request)
    if sign_in is None:
        raise PermissionDenied
    return sign_in
