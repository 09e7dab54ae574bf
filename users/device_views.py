"""The pages of known devices, of sign-ins that wait for one's word, and of a locked account."""

from __future__ import annotations

import uuid

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

from . import browser_sessions, selectors
from .errors import AlreadyAnswered, SameDevice
from .forms import UnlockForm
from .requests import user_of
from .services import approvals, lockouts
from .types import SignIn
from .views import SignedInPage


@method_decorator([never_cache, sensitive_post_parameters("code")], name="dispatch")
class UnlockPage(View):
    """Type the code from the mail about the lock. Any address is answered alike."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return render(request, "users/unlock.html", {"form": UnlockForm()})

    def post(self, request: HttpRequest) -> HttpResponse:
        form = UnlockForm(request.POST)
        if not form.is_valid():
            return render(request, "users/unlock.html", {"form": form}, status=422)
        try:
            lockouts.unlock(**form.cleaned_data, client=client_of(request=request))
        except Problem as problem:
            form.add_problem(problem)
            response = render(request, "users/unlock.html", {"form": form}, status=problem.status)
            for name, value in problem.headers().items():
                response[name] = value
            return response
        messages.success(request, gettext("Your account is unlocked. Sign in with your password."))
        return redirect("users:sign-in")


@method_decorator(never_cache, name="dispatch")
class DevicesPage(SignedInPage):
    """The devices that one is known by, the sign-ins that wait, and whether signing in elsewhere is locked."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user, family = user_of(request), _sign_in(request).family
        context = {
            "rows": selectors.list_device_rows(user=user, family=family),
            "waiting": selectors.list_sign_in_requests(user=user, family=family),
            "locked_until": selectors.find_locked_until(user=user),
        }
        return render(request, "users/devices.html", context)


class UnlockElsewherePage(SignedInPage):
    """POST only: end the lock of one's own account."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            lockouts.unlock_elsewhere(
                user=user_of(request), family=_sign_in(request).family, client=client_of(request=request)
            )
        except Problem as problem:
            messages.error(request, str(problem.detail or problem.title))
        else:
            messages.success(request, gettext("Signing in on other devices is open again."))
        return redirect("users:devices")


class ForgetDevicePage(SignedInPage):
    """POST only; 404 for anyone else's."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, device_id: uuid.UUID) -> HttpResponse:
        approvals.forget_device(
            user=user_of(request),
            sign_in=_sign_in(request),
            device_uid=device_id,
            client=client_of(request=request),
        )
        messages.success(request, gettext("That device is forgotten. We tell you when it signs in again."))
        return redirect("users:devices")


class TrustDevicePage(SignedInPage):
    """POST only; 404 for anyone else's."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, device_id: uuid.UUID) -> HttpResponse:
        approvals.trust_device(
            user=user_of(request),
            sign_in=_sign_in(request),
            device_uid=device_id,
            client=client_of(request=request),
        )
        messages.success(request, gettext("That device is trusted now."))
        return redirect("users:devices")


@method_decorator(never_cache, name="dispatch")
class SignInRequestPage(SignedInPage):
    """A sign-in that waits: is it me? 404 when it is over, and for anyone else's."""

    def get(self, request: HttpRequest, challenge_id: uuid.UUID) -> HttpResponse:
        row = selectors.get_sign_in_request(
            user=user_of(request), family=_sign_in(request).family, challenge_id=challenge_id
        )
        return render(request, "users/sign_in_request.html", {"row": row})

    def post(self, request: HttpRequest, challenge_id: uuid.UUID) -> HttpResponse:
        approve = request.POST.get("answer") == "yes"
        try:
            approvals.answer(
                user=user_of(request),
                sign_in=_sign_in(request),
                challenge_id=challenge_id,
                approve=approve,
                client=client_of(request=request),
            )
        except (SameDevice, AlreadyAnswered) as problem:
            messages.error(request, str(problem.title))
            return redirect("users:devices")
        if not approve:
            return render(request, "users/sign_in_request.html", {"is_refused": True})
        messages.success(request, gettext("The other device is signed in within seconds."))
        return redirect("users:devices")


def _sign_in(request: HttpRequest) -> SignIn:
    sign_in = browser_sessions.sign_in_of(request=request)
    if sign_in is None:
        raise PermissionDenied
    return sign_in
