"""Many cases at once: the page that asks once more, and what follows. Parse, one service call, render."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext, ngettext

from pairly.common.ids import uuid7
from pairly.common.problems import NotFound, Problem

from . import queues
from .forms import BulkForm
from .services import bulk
from .staff import StaffPage


class BulkPage(StaffPage):
    """POST only: shows what would be done to which cases; sent once more with `run`, it is done."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        found = queues.get_kind_for(kind=kind, user=self.staff)
        if not found.bulk:
            raise NotFound
        form = BulkForm(request.POST)
        if not form.is_valid():
            return self._back(request, kind, gettext("Choose at least one case, and what to do."))
        wanted = {name: form.cleaned_data[name] for name in ("action", "to")}
        wanted |= {"user": self.staff, "kind": kind, "uids": form.cleaned_data["item"]}
        problem: Problem | None = None
        if form.cleaned_data["run"]:
            try:
                done = bulk.run(uid=form.cleaned_data["run"], note=form.cleaned_data["note"], **wanted)
            except NotFound:
                raise
            except Problem as refused:
                problem = refused
                form.add_problem(refused)
            else:
                return self._done(request, kind, done)
        try:
            plan = bulk.plan(**wanted)
        except NotFound:
            raise
        except Problem as refused:
            return self._back(request, kind, str(refused.detail or refused.title))
        return self._ask(request, found, form, plan, status=problem.status if problem else 200)

    def _ask(
        self, request: HttpRequest, kind: queues.QueueKind, form: BulkForm, plan: bulk.Plan, *, status: int
    ) -> HttpResponse:
        context: dict[str, Any] = {
            "kind": kind,
            "plan": plan,
            "decision": kind.find_decision(plan.action),
            "form": form,
            "run": form.cleaned_data["run"] or uuid7(),
            "query": request.GET.urlencode(),
        }
        return self.show(request, "moderation/bulk.html", context, status=status)

    def _done(self, request: HttpRequest, kind: str, done: bulk.Result) -> HttpResponse:
        run = done.run
        if not done.is_new:
            messages.info(request, gettext("This was sent already, and is done once."))
        else:
            counted = ngettext("%(n)d case is done.", "%(n)d cases are done.", run.n_done) % {"n": run.n_done}
            messages.success(request, counted)
        if done.skips:
            left = Counter(skip.why for skip in done.skips)
            why = " ".join(f"{words} ({n})" for words, n in left.items())
            messages.warning(request, gettext("Left out: %(why)s") % {"why": why})
        return self._queue(request, kind)

    def _back(self, request: HttpRequest, kind: str, words: str) -> HttpResponse:
        messages.error(request, words)
        return self._queue(request, kind)

    def _queue(self, request: HttpRequest, kind: str) -> HttpResponse:
        """To the queue, with the filter that was in the address."""
        query = request.GET.urlencode()
        return redirect(reverse("moderation:queue", args=[kind]) + (f"?{query}" if query else ""))
