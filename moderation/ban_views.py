"""Banned networks: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from pairly.common.problems import InvalidInput
from security import ban_selectors
from security.client_ip import client_of
from security.services import bans
from users.forms import ProblemForm

from .ban_forms import BanForm
from .constants import LOG_PAGE
from .staff import StaffPage


class BansPage(StaffPage):
    """Bans, the newest first, and the form of a new one."""

    permission = "users.staff_ban_ips"

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, BanForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = BanForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        try:
            bans.ban(
                network=form.cleaned_data["network"],
                lasts=form.get_lasts(),
                reason=form.cleaned_data["reason"],
                by_uid=self.staff.uid,
                client=client_of(request=request),
            )
        except InvalidInput as problem:
            form.add_problem(problem)
            return self._page(request, form, status=problem.status)
        messages.success(request, gettext("The network is banned."))
        return redirect("moderation:bans")

    def _page(self, request: HttpRequest, form: ProblemForm, *, status: int = 200) -> HttpResponse:
        before = request.GET.get("before", "")
        before_id = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        rows = ban_selectors.list_bans(limit=LOG_PAGE + 1, before_id=before_id)
        context: dict[str, Any] = {"form": form, "rows": rows[:LOG_PAGE]}
        context["before"] = rows[LOG_PAGE - 1].id if len(rows) > LOG_PAGE else None
        return self.show(request, "moderation/bans.html", context, status=status)


class LiftPage(StaffPage):
    """POST only: end a ban before its time."""

    permission = "users.staff_ban_ips"
    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        bans.lift(uid=uid, by_uid=self.staff.uid, client=client_of(request=request))
        messages.success(request, gettext("The network may come back."))
        return redirect("moderation:bans")
