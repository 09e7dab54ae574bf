"""The pages of passkeys, and what their scripts ask where a browser is not signed in yet: one service call each."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views import View
from django.views.decorators.cache import never_cache
from rest_framework import exceptions as drf

from pairly.common.own_path import own_path
from pairly.common.problems import MalformedRequest, Problem, as_problem, problem_response
from security.client_ip import client_of

from . import browser_sessions, device_cookies, second_steps, selectors
from .api import passkey_serializers as serializers
from .constants import PASSKEY_NAME_MAX
from .errors import StepUpRequired, StrongFactorNeeded
from .models import Session
from .requests import user_of
from .services import passkeys
from .types import SignIn, StartedSession
from .views import SignedInPage, redirect_to_next

# In Django's session: the ceremony that this browser began. Its token never reaches the script.
_CEREMONY = "passkey_ceremony"


@method_decorator(never_cache, name="dispatch")
class PasskeysPage(SignedInPage):
    """One's passkeys; a script adds to them through the API."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return _page(request)


class RemovePasskeyPage(SignedInPage):
    """POST only: remove one; 404 for anyone else's."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, passkey_id: int) -> HttpResponse:
        user, sign_in = user_of(request), _sign_in_of(request)
        try:
            passkeys.remove(user=user, sign_in=sign_in, passkey_id=passkey_id, client=client_of(request=request))
        except StepUpRequired:
            return redirect_to_next("users:step-up", resolve_url("users:passkeys"))
        except StrongFactorNeeded as problem:
            return _page(request, problem=problem)
        messages.success(request, gettext("The passkey is removed. Delete it on your device too."))
        return redirect("users:passkeys")


@method_decorator(never_cache, name="dispatch")
class _Asked(View):
    """POST only: JSON for a script of ours, with the CSRF token; refusals are problem documents."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            return self._answer(request, _body_of(request))
        except (Problem, drf.ValidationError) as error:
            problem = as_problem(error)
            assert problem is not None
            return problem_response(problem)

    def _answer(self, request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
        raise NotImplementedError


class SignInBegin(_Asked):
    """Ask for a passkey, of anybody or, for the second step, of who waits in this browser."""

    def _answer(self, request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
        asked = serializers.PageBeginIn(data=body)
        asked.is_valid(raise_exception=True)
        if asked.validated_data["second_step"]:
            begun = passkeys.begin_second_step(token=second_steps.token_of(request=request))
        else:
            begun = passkeys.begin_sign_in(client=client_of(request=request))
        request.session[_CEREMONY] = begun.state
        return JsonResponse({"options": begun.options})


class SignInFinish(_Asked):
    """Sign the browser in, and say where it goes on. Who is signed in already is sent on, as at the form."""

    def _answer(self, request: HttpRequest, body: dict[str, Any]) -> HttpResponse:
        given = serializers.PageFinishIn(data=body)
        given.is_valid(raise_exception=True)
        following = own_path(given.validated_data["next"]) or resolve_url(settings.LOGIN_REDIRECT_URL)
        if browser_sessions.sign_in_of(request=request):
            return JsonResponse({"next": following})
        started = self._start(request, given.validated_data)
        second_steps.forget(request=request)
        browser_sessions.attach(request=request, started=started)
        response = JsonResponse({"next": following})
        device_cookies.keep(response=response, device=device_cookies.device_of(request=request))
        return response

    def _start(self, request: HttpRequest, given: dict[str, Any]) -> StartedSession:
        state: str = request.session.pop(_CEREMONY, "")
        client, credential = client_of(request=request), given["credential"]
        if given["second_step"]:
            token = second_steps.token_of(request=request)
            return passkeys.finish_second_step(
                token=token, state=state, credential=credential, kind=Session.Kind.WEB, client=client
            )
        return passkeys.finish_sign_in(
            state=state,
            credential=credential,
            kind=Session.Kind.WEB,
            client=client,
            device=device_cookies.device_of(request=request),
        )


def _page(request: HttpRequest, *, problem: Problem | None = None) -> HttpResponse:
    host, origin = request.get_host().rsplit(":", 1)[0], settings.OTP_WEBAUTHN_ALLOWED_ORIGINS[0]
    rp_id = settings.OTP_WEBAUTHN_RP_ID
    context = {
        "rows": selectors.list_passkeys(user=user_of(request)),
        "problem": problem,
        "name_max": PASSKEY_NAME_MAX,
        # Browsers know passkeys by the name of a site (Web Authentication, section 5.1.2).
        "elsewhere": "" if host == rp_id or host.endswith(f".{rp_id}") else f"{origin}{request.path}",
    }
    return render(request, "users/passkeys.html", context, status=problem.status if problem else 200)


def _sign_in_of(request: HttpRequest) -> SignIn:
    sign_in = browser_sessions.sign_in_of(request=request)
    if sign_in is None:
        raise PermissionDenied
    return sign_in


def _body_of(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise MalformedRequest from error
    if not isinstance(body, dict):
        raise MalformedRequest
    return body
