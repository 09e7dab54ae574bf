"""The page of the browsers that are told of news: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache

from pairly.common.problems import NotAuthenticated, NotFound, Problem

from . import browser_sessions, push_selectors
from .requests import user_of
from .services import push_devices
from .types import SignIn
from .views import SignedInPage


@method_decorator(never_cache, name="dispatch")
class PushDevicesPage(SignedInPage):
    """Which browsers are told, with the switch of this one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user, family = user_of(request), _sign_in(request).family
        context = {
            "rows": push_selectors.list_push_devices(user=user, family=family),
            "push": push_devices.get_switch(user=user, family=family),
        }
        return render(request, "users/push_devices.html", context)


class RemovePushDevicePage(SignedInPage):
    """POST only; 404 for anyone else's."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, device_id: uuid.UUID) -> HttpResponse:
        push_devices.remove(user=user_of(request), uid=device_id)
        messages.success(request, gettext("Notifications are off in that browser."))
        return redirect("users:push-devices")


class TestPushPage(SignedInPage):
    """POST only: wake a browser to see that it works; 404 for anyone else's."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, device_id: uuid.UUID) -> HttpResponse:
        try:
            push_devices.test(user=user_of(request), sign_in=_sign_in(request), uid=device_id)
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.detail or problem.title))
        else:
            messages.success(request, gettext("A notification is on its way. It arrives within a minute."))
        return redirect("users:push-devices")


def _sign_in(request: HttpRequest) -> SignIn:
    found = browser_sessions.sign_in_of(request=request)
    if found is None:
        raise NotAuthenticated
    return found
