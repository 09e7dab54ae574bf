"""Pages of one's own appeals, open to who is suspended, and the answer of staff."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from pairly.common.problems import NotFound, Problem
from users.requests import user_of
from users.views import SignedInPage

from .. import selectors as work_selectors
from ..models import Appeal
from ..sanctions import selectors as sanctions
from ..staff import StaffPage
from ..verifications import selectors as verifications
from . import selectors
from .constants import KIND, PERMISSION
from .forms import WordsForm
from .services import appealing


@method_decorator(never_cache, name="dispatch")
class _AppealPage(SignedInPage):
    open_to_limited = True

    def ask(
        self, request: HttpRequest, uid: uuid.UUID, send: Callable[..., Appeal], context: dict[str, Any]
    ) -> HttpResponse:
        """The form for the first words, and what becomes of them."""
        form = WordsForm(request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            try:
                made = send(user=user_of(request), uid=uid, text=form.cleaned_data["text"])
            except NotFound:
                raise
            except Problem as problem:
                form.add_problem(problem)
            else:
                messages.success(request, _("Sent. Another person than the first one looks at it."))
                return redirect("trust:appeal", made.uid)
        status = 200 if request.method != "POST" else form.problem.status if form.problem else 422
        return render(request, "moderation/appeals/new.html", {"form": form, **context}, status=status)


class AppealSanctionPage(_AppealPage):
    """Appeal a decision about one's account."""

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        sanction = sanctions.get_own(user=user_of(request), uid=uid)
        return self.ask(request, uid, appealing.appeal_sanction, {"sanction": sanction})

    post = get


class AppealVerificationPage(_AppealPage):
    """Appeal that one was not verified."""

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        verification = verifications.get_own(user=user_of(request), uid=uid)
        return self.ask(request, uid, appealing.appeal_verification, {"verification": verification})

    post = get


class AppealPage(_AppealPage):
    """One appeal: what was said, and room for more."""

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        return self._page(request, uid, WordsForm())

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        form = WordsForm(request.POST)
        if form.is_valid():
            try:
                appealing.say(user=user_of(request), uid=uid, text=form.cleaned_data["text"])
            except NotFound:
                raise
            except Problem as problem:
                form.add_problem(problem)
            else:
                return redirect("trust:appeal", uid)
        return self._page(request, uid, form, status=form.problem.status if form.problem else 422)

    def _page(self, request: HttpRequest, uid: uuid.UUID, form: WordsForm, *, status: int = 200) -> HttpResponse:
        appeal = selectors.get_own(user=user_of(request), uid=uid)
        context = {"appeal": appeal, "said": selectors.list_messages(appeal=appeal), "form": form}
        return render(request, "moderation/appeals/appeal.html", context, status=status)


class AnswerPage(StaffPage):
    """POST only: say something to who appealed, as who works on the case."""

    permission = PERMISSION
    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        item = work_selectors.get_item_about(user=self.staff, kind=KIND, ref=uid)
        form = WordsForm(request.POST)
        if not form.is_valid():
            messages.error(request, _("Write something first."))
            return redirect("moderation:case", item.uid)
        try:
            appealing.answer(staff=self.staff, uid=uid, text=form.cleaned_data["text"])
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.title))
        else:
            messages.success(request, _("Sent."))
        return redirect("moderation:case", item.uid)
