"""Whose a case is: parse, one service call, render."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from pairly.common.problems import NotFound, Problem

from . import queues, selectors
from .forms import AssignForm
from .models import WorkItem
from .services import assigning
from .staff import StaffPage


class AssignPage(StaffPage):
    """Give a case to a colleague. It shows nothing of what the case is about, so nobody's data is looked at."""

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        item = selectors.get_item(user=self.staff, uid=uid)
        seen = assigning.keeper_of(item=item)
        form = AssignForm(people=selectors.list_colleagues(item=item), initial={"seen": seen, "back": "queue"})
        return self._show(request, item, form)

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        item = selectors.get_item(user=self.staff, uid=uid)
        form = AssignForm(request.POST, people=selectors.list_colleagues(item=item))
        if not form.is_valid():
            return self._show(request, item, form, status=422)
        data = form.cleaned_data
        try:
            item = assigning.assign(uid=uid, user=self.staff, to=data["to"], seen=data["seen"])
        except NotFound:
            raise
        except Problem as problem:
            form.add_problem(problem)
            return self._show(request, item, form, status=problem.status)
        name = item.assigned_to.name if item.assigned_to else ""
        messages.success(request, gettext("The case waits for %(name)s now.") % {"name": name})
        is_case = data["back"] == "case"
        return redirect("moderation:case", uid) if is_case else redirect("moderation:queue", item.kind)

    def _show(self, request: HttpRequest, item: WorkItem, form: AssignForm, *, status: int = 200) -> HttpResponse:
        context = {"item": item, "kind": queues.get_kind(kind=item.kind), "assign_form": form}
        return self.show(request, "moderation/assign.html", context, status=status)


class UnassignPage(StaffPage):
    """POST only: a case is kept for nobody any more."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        try:
            assigning.unassign(uid=uid, user=self.staff)
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.title))
        else:
            messages.success(request, gettext("The case is kept for nobody now."))
        return redirect("moderation:case", uid)
