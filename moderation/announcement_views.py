"""What staff tell everybody: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from pairly.common.problems import InvalidInput, NotFound
from security.client_ip import client_of
from users import announcement_selectors as selectors
from users.constants import ANNOUNCEMENTS_PAGE
from users.errors import StepUpRequired
from users.services import announcements, step_up
from users.types import AnnouncementRow
from users.views import redirect_to_next

from .announcement_forms import AnnouncementForm
from .staff import StaffPage


class _AnnouncementPage(StaffPage):
    permission = "users.staff_announce"

    def given(self, request: HttpRequest) -> dict[str, Any]:
        """Who asks, as the services want it."""
        return {"by": self.staff, "sign_in": self.sign_in, "client": client_of(request=request)}


class AnnouncementsPage(_AnnouncementPage):
    """Announcements, the newest first, and the form of a new one: first shown as its readers will see it, then
    published."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, AnnouncementForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = AnnouncementForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        try:
            if request.POST.get("action") != "publish":
                preview = announcements.preview(**form.get_words(), by=self.staff)
                return self._page(request, form, preview=preview)
            announcements.publish(**self.given(request), **form.get_words())
        except StepUpRequired:
            return redirect_to_next("users:step-up", request.path)
        except InvalidInput as problem:
            form.add_problem(problem)
            return self._page(request, form, status=problem.status)
        messages.success(request, gettext("It is published. People are told one after another from now on."))
        return redirect("moderation:announcements")

    def _page(
        self, request: HttpRequest, form: AnnouncementForm, *, preview: AnnouncementRow | None = None, status: int = 200
    ) -> HttpResponse:
        rows = selectors.list_written(
            user=self.staff, limit=ANNOUNCEMENTS_PAGE + 1, before=_before(request.GET.get("before", ""))
        )
        context: dict[str, Any] = {"form": form, "rows": rows[:ANNOUNCEMENTS_PAGE], "preview": preview}
        context["before"] = rows[ANNOUNCEMENTS_PAGE - 1].uid if len(rows) > ANNOUNCEMENTS_PAGE else None
        context["needs_proof"] = not step_up.is_fresh(sign_in=self.sign_in)
        return self.show(request, "moderation/announcements.html", context, status=status)


class WithdrawPage(_AnnouncementPage):
    """POST only: take an announcement back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        try:
            announcements.withdraw(**self.given(request), uid=uid)
        except StepUpRequired:
            return redirect_to_next("users:step-up", reverse("moderation:announcements"))
        except NotFound:
            raise
        messages.success(request, gettext("It is taken back. Nobody reads it any more."))
        return redirect("moderation:announcements")


def _before(given: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(given)
    except ValueError:
        return None
