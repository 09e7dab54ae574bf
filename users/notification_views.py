"""The pages about notifications: the list, the way to what one tells of, the choices, and the end of their mails."""

from __future__ import annotations

import uuid
from itertools import groupby

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from pairly.common.problems import NotFound, Problem

from . import notification_selectors as selectors
from .notification_forms import NotificationSettingsForm
from .requests import user_of
from .services import notification_choices, notification_reading
from .types import Place
from .views import SignedInPage


@method_decorator(never_cache, name="dispatch")
class NotificationsPage(SignedInPage):
    """What one was told, by day, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        before = Place.parse(request.GET.get("before", ""))
        page = selectors.get_page(user=user_of(request), before=before)
        days = [(day, list(rows)) for day, rows in groupby(page.rows, key=lambda row: row.created_at.date())]
        return render(request, "users/notifications.html", {"page": page, "days": days, "is_first": before is None})


class OpenNotificationPage(SignedInPage):
    """POST only: mark one as read and go where it leads."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, notification_id: uuid.UUID) -> HttpResponse:
        user = user_of(request)
        row = notification_reading.mark_read(user=user, uid=notification_id)
        return redirect(selectors.list_rows(notifications=[row])[0].url)


class ReadAllNotificationsPage(SignedInPage):
    """POST only: mark as read what the page showed and what is older."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            up_to = uuid.UUID(request.POST.get("up_to", ""))
        except ValueError as error:
            raise NotFound() from error
        notification_reading.read_all(user=user_of(request), up_to=up_to)
        return redirect("users:notifications")


@method_decorator(never_cache, name="dispatch")
class NotificationSettingsPage(SignedInPage):
    """How one wants to hear of each kind."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = selectors.get_settings(user=user_of(request))
        form = NotificationSettingsForm(settings=found.settings, initial={"version": found.version})
        return self._page(request, form, status=200)

    def post(self, request: HttpRequest) -> HttpResponse:
        user = user_of(request)
        form = NotificationSettingsForm(request.POST, settings=selectors.get_settings(user=user).settings)
        if not form.is_valid():
            return self._page(request, form, status=422)
        versions = [form.cleaned_data["version"]] if form.cleaned_data["version"] else None
        try:
            notification_choices.save_choices(user=user, choices=form.get_choices(), versions=versions)
        except Problem as problem:
            form.add_problem(problem)
            return self._page(request, form, status=problem.status)
        messages.success(request, gettext("Your choices are kept."))
        return redirect("users:notification-settings")

    def _page(self, request: HttpRequest, form: NotificationSettingsForm, *, status: int) -> HttpResponse:
        context = {"form": form, "has_address": user_of(request).email_verified_at is not None}
        return render(request, "users/notification_settings.html", context, status=status)


@method_decorator([never_cache, csrf_exempt], name="dispatch")
class StopMailsPage(View):
    """The end of these mails, for who has the token of one, signed in or not (RFC 8058).

    Looking changes nothing, for programs look at links in mails. The POST comes from the reader's mail program, which
    has no cookie of ours and none of our forms, so it carries no CSRF token; the token in the address says whose mails
    end, whoever is signed in, and is good for nothing else.
    """

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        if notification_choices.find_user_of(token=token) is None:
            raise NotFound()
        return render(request, "users/stop_mails.html", {"is_done": False, "here": request.path})

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        notification_choices.stop_mails(token=token)
        return render(request, "users/stop_mails.html", {"is_done": True})
