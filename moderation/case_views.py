"""Queues and cases: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext

from pairly.common.problems import NotFound, Problem
from security.client_ip import client_of
from users.errors import StepUpRequired

from . import people_panel, queues, selectors
from .constants import QUEUE_PAGE
from .errors import CaseNotHeld
from .forms import AssignForm, DecisionForm, NoteForm, QueueForm
from .models import WorkItem
from .reason_forms import CannedForm, preview_answer
from .services import assigning, letters, trail, work
from .staff import StaffPage, wants_json


class QueuePage(StaffPage):
    """One kind of work; the filter lives in the URL."""

    def get(self, request: HttpRequest, kind: str) -> HttpResponse:
        found = queues.get_kind_for(kind=kind, user=self.staff)
        form = QueueForm(request.GET)
        form.is_valid()
        wanted = form.get_wanted()
        rows = selectors.list_items(user=self.staff, kind=kind, limit=QUEUE_PAGE + 1, **wanted)
        has_more = len(rows) > QUEUE_PAGE and wanted["state"] == "decided"
        following = request.GET.copy()
        following["before"] = str(rows[QUEUE_PAGE - 1].pk) if has_more else ""
        context = {"kind": found, "form": form, "rows": rows[:QUEUE_PAGE], "wanted": wanted}
        if found.bulk and wanted["state"] != "decided":
            context["bulk"] = [found.find_decision(outcome) for outcome in found.bulk]
            context["workers"] = selectors.list_workers(kind=found)
        context["following"] = following.urlencode() if has_more else ""
        return self.show(request, "moderation/queue.html", context)


class CasePage(StaffPage):
    """A case: evidence, the person, notes, the decision. Every look at it is recorded."""

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        return self.show_case(request, selectors.get_item(user=self.staff, uid=uid))

    def show_case(
        self,
        request: HttpRequest,
        item: WorkItem,
        *,
        decision_form: DecisionForm | None = None,
        note_form: NoteForm | None = None,
        canned_form: CannedForm | None = None,
        preview: letters.Preview | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """The page of a case, with the forms as they were refused if they were."""
        kind = queues.get_kind(kind=item.kind)
        is_mine = work.renew(item=item, user=self.staff)
        context: dict[str, Any] = {
            "item": item,
            "kind": kind,
            "evidence": _evidence(kind, item),
            "panel": people_panel.find_panel(uid=item.subject_uid),
            "notes": selectors.list_notes(item=item),
            "is_mine": is_mine,
            "is_kept_for_me": item.is_assigned and item.assigned_to_id == self.staff.pk,
            "assign_form": self._assign_form(item),
            "was_mine": item.passed_by_id == self.staff.pk,
            "decision_form": decision_form or DecisionForm(),
            "canned_form": (canned_form or _canned_form(kind, item)) if is_mine and kind.reasons else None,
            "preview": preview,
            "note_form": note_form or NoteForm(),
        }
        trail.note_view(
            staff=self.staff,
            sign_in=self.sign_in,
            client=client_of(request=request),
            action="staff.case_viewed",
            subject_uid=item.subject_uid,
            reason=str(kind.title),
            details={"kind": item.kind, "case": str(item.uid)},
        )
        return self.show(request, "moderation/case.html", context, status=status)

    def _assign_form(self, item: WorkItem) -> AssignForm | None:
        """For who may say whose the case is; None for everybody else, and once it is decided."""
        people = [] if item.decided_at else selectors.list_colleagues(item=item)
        if self.staff not in people:
            return None
        initial = {"seen": assigning.keeper_of(item=item), "back": "case"}
        return AssignForm(people=people, initial=initial, auto_id="assign_%s")


class TakeNextPage(StaffPage):
    """POST only: work on the next case."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, kind: str) -> HttpResponse:
        return next_case(request, self, kind)


class TakePage(StaffPage):
    """POST only: work on this case."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        try:
            work.take(uid=uid, user=self.staff)
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.title))
        return redirect("moderation:case", uid)


class ReleasePage(StaffPage):
    """POST only: put a case back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        item = work.release(uid=uid, user=self.staff)
        messages.success(request, gettext("The case is back in the queue."))
        return redirect("moderation:queue", item.kind)


class PassOnPage(StaffPage):
    """POST only: leave a case to somebody else."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        item = work.pass_on(uid=uid, user=self.staff)
        messages.success(request, gettext("The case waits for somebody else now."))
        return next_case(request, self, item.kind)


class NotePage(CasePage):
    """POST only: write something down."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        form = NoteForm(request.POST)
        if not form.is_valid():
            return self.show_case(request, selectors.get_item(user=self.staff, uid=uid), note_form=form, status=422)
        work.add_note(uid=uid, user=self.staff, text=form.cleaned_data["text"])
        return redirect("moderation:case", uid)


class DecidePage(CasePage):
    """POST only: settle a case; the next one follows."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        form = DecisionForm(request.POST)
        if not form.is_valid():
            return self._refused(request, uid, form, 422)
        try:
            item = work.decide(uid=uid, user=self.staff, sign_in=self.sign_in, **form.cleaned_data)
        except (NotFound, StepUpRequired):
            raise
        except Problem as problem:
            form.add_problem(problem)
            return self._refused(request, uid, form, problem.status)
        is_done = item.decided_at is not None
        done, half = gettext("The case is decided."), gettext("Your say is noted; somebody else decides now.")
        messages.success(request, done if is_done else half)
        return next_case(request, self, item.kind)

    def _refused(self, request: HttpRequest, uid: uuid.UUID, form: DecisionForm, status: int) -> HttpResponse:
        item = selectors.get_item(user=self.staff, uid=uid)
        return self.show_case(request, item, decision_form=form, status=status)


class PreviewPage(CasePage):
    """POST only: a kept text put into the reason (`step=fill`), and how a decision would read. Nothing is decided.

    A script that asks for JSON gets the text and the letters alone.
    """

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        item = selectors.get_item(user=self.staff, uid=uid)
        kind = queues.get_kind(kind=item.kind)
        if not kind.reasons:
            raise NotFound
        form, canned = DecisionForm(request.POST), _canned_form(kind, item, request.POST)
        note, preview, status = str(form["note"].value() or ""), None, 200
        is_readable = form.is_valid() and canned.is_valid()
        try:
            if not work.renew(item=item, user=self.staff):
                raise CaseNotHeld
            if is_readable:
                chosen, shown = canned.get_wanted(is_fill=request.POST.get("step") == "fill")
                if chosen:
                    note = letters.put_in(kind=kind.reasons, uid=chosen, text=note)
                    form = DecisionForm({"note": note})
                    form.is_valid()
                preview = letters.preview(item=item, outcome=shown, note=note)
        except NotFound:
            raise
        except Problem as problem:
            form.add_problem(problem)
            status = problem.status
        status = status if is_readable or status != 200 else 422
        if wants_json(request):
            answer = preview_answer(text=note, form=form, preview=preview)
            return JsonResponse(answer, status=409 if status == 409 else 200)
        return self.show_case(request, item, decision_form=form, canned_form=canned, preview=preview, status=status)


def next_case(request: HttpRequest, page: StaffPage, kind: str) -> HttpResponse:
    """To the next case of the queue, or to the queue when nothing is left."""
    item = work.take_next(kind=kind, user=page.staff)
    if item is not None:
        return redirect("moderation:case", item.uid)
    messages.info(request, gettext("Nothing waits in this queue for you."))
    return redirect("moderation:queue", kind)


def _canned_form(kind: queues.QueueKind, item: WorkItem, given: QueryDict | None = None) -> CannedForm:
    reasons = letters.list_reasons(kind=kind.reasons, language=letters.language_of(item=item))
    return CannedForm(given, reasons=reasons, decisions=kind.read_decisions)


def _evidence(kind: queues.QueueKind, item: WorkItem) -> dict[str, Any] | None:
    """What the case is about; None when it is gone (its owner left, its time to be kept is over)."""
    try:
        return kind.load(item.ref)
    except NotFound:
        return None
