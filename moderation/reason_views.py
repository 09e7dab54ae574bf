"""Texts that reasons begin with: found, written, retired. Parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from pairly.common.problems import NotFound, Problem

from . import placeholders, reason_selectors
from .constants import EDIT_REASONS, REASONS_PAGE
from .models import CannedReason
from .reason_forms import ReasonForm, ReasonsForm
from .services import reasons
from .staff import StaffPage


class ReasonsPage(StaffPage):
    """All of them, filtered in the URL."""

    permission = EDIT_REASONS

    def get(self, request: HttpRequest) -> HttpResponse:
        form = ReasonsForm(request.GET)
        if not form.is_valid():
            return self.show(request, "moderation/reasons.html", {"form": form}, status=422)
        rows = reason_selectors.list_all(user=self.staff, wanted=form.get_wanted())
        before = form.cleaned_data["before"]
        found = list((rows.filter(pk__lt=before) if before else rows)[: REASONS_PAGE + 1])
        has_more = len(found) > REASONS_PAGE
        following = request.GET.copy()
        following["before"] = str(found[REASONS_PAGE - 1].pk) if has_more else ""
        context = {"form": form, "rows": found[:REASONS_PAGE], "following": following.urlencode() if has_more else ""}
        return self.show(request, "moderation/reasons.html", context)


class _WritePage(StaffPage):
    permission = EDIT_REASONS

    def show_form(
        self, request: HttpRequest, form: ReasonForm, *, row: CannedReason | None = None, status: int = 200
    ) -> HttpResponse:
        context = {"form": form, "row": row, "placeholders": placeholders.NAMES}
        return self.show(request, "moderation/reason.html", context, status=status)


class NewReasonPage(_WritePage):
    """A new text."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show_form(request, ReasonForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ReasonForm(request.POST)
        if not form.is_valid():
            return self.show_form(request, form, status=422)
        given = {name: form.cleaned_data[name] for name in ("kind", "language", "title", "text")}
        try:
            reasons.write(user=self.staff, **given)
        except Problem as problem:
            form.add_problem(problem)
            return self.show_form(request, form, status=problem.status)
        messages.success(request, gettext("It is offered from now on."))
        return redirect("moderation:reasons")


class ReasonPage(_WritePage):
    """One text, to be written anew. Its kind stays."""

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        row = reason_selectors.get_reason(user=self.staff, uid=uid)
        names = ("kind", "language", "title", "text", "version")
        return self.show_form(request, ReasonForm(initial={name: getattr(row, name) for name in names}), row=row)

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        row = reason_selectors.get_reason(user=self.staff, uid=uid)
        form = ReasonForm({**request.POST.dict(), "kind": row.kind})
        if not form.is_valid():
            return self.show_form(request, form, row=row, status=422)
        given: dict[str, Any] = {name: form.cleaned_data[name] for name in ("language", "title", "text")}
        try:
            reasons.change(user=self.staff, uid=uid, version=form.cleaned_data["version"] or 0, **given)
        except NotFound:
            raise
        except Problem as problem:
            form.add_problem(problem)
            return self.show_form(request, form, row=row, status=problem.status)
        messages.success(request, gettext("It is changed. What was sent before stays as it was."))
        return redirect("moderation:reasons")


class RetireReasonPage(StaffPage):
    """POST only: a text is offered no more."""

    http_method_names = ["post"]
    permission = EDIT_REASONS

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        reasons.retire(user=self.staff, uid=uid)
        messages.success(request, gettext("It is offered no more."))
        return redirect("moderation:reasons")


class RestoreReasonPage(StaffPage):
    """POST only: a text is offered again."""

    http_method_names = ["post"]
    permission = EDIT_REASONS

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        try:
            reasons.restore(user=self.staff, uid=uid)
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.title))
        else:
            messages.success(request, gettext("It is offered again."))
        return redirect("moderation:reason", uid)
