"""Pages to report somebody or something, what one reported, and a reporter's picture as staff see it."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from pairly.common.own_path import own_path
from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound, Problem
from security.client_ip import client_of
from users.registry import names_of
from users.requests import user_of

from ..staff import StaffPage
from . import selectors
from .answers import answer_with
from .constants import PERMISSION, REPORTS_PER_MINUTE
from .forms import ReportForm
from .services import attachments, files, submitting, targets


@require_safe
@login_required
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """What one reported, and how it ended."""
    rows = list(selectors.list_own(user=user_of(request))[:50])
    names = names_of(users=[row.case.subject for row in rows])
    shown = [(row, names.get(row.case.subject_id, "")) for row in rows]
    return render(request, "moderation/reports/overview.html", {"rows": shown})


@per_minute("reports", REPORTS_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def new(request: HttpRequest, kind: str, uid: uuid.UUID) -> HttpResponse:
    """Report a person, messages with a person, or a shop item."""
    user = user_of(request)
    aim = targets.find_aim(reporter=user, kind=kind, ref=uid)
    context = {
        "kind": kind,
        "name": names_of(users=[aim.subject])[aim.subject.pk],
        "subject": aim.subject,
        "back": own_path(request.GET.get("next")),
    }
    if request.method != "POST":
        return render(request, "moderation/reports/new.html", {"form": ReportForm(), **context})
    form = ReportForm(request.POST, request.FILES)
    if form.is_valid():
        try:
            submitting.submit(reporter=user, kind=kind, target=uid, **form.as_fields())
        except NotFound:
            raise
        except Problem as problem:
            form.add_problem(problem)
        else:
            messages.success(request, _("Thank you. A person looks at it, and you hear how it ends."))
            return redirect("trust:reports")
    status = form.problem.status if form.problem else 422
    return render(request, "moderation/reports/new.html", {"form": form, **context}, status=status)


class FilePage(StaffPage):
    """A picture of a report, for who may see its case; every look is written down."""

    permission = PERMISSION

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        data = files.look(staff=self.staff, sign_in=self.sign_in, client=client_of(request=request), uid=uid)
        answer = HttpResponse(data, content_type="image/webp")
        answer["Cache-Control"] = "no-store, private"
        answer["Content-Disposition"] = "inline"
        return answer


class AttachmentPage(StaffPage):
    """A file of a reported message, for who works on its case; every look is written down."""

    permission = PERMISSION

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        client = client_of(request=request)
        return answer_with(attachments.look(staff=self.staff, sign_in=self.sign_in, client=client, uid=uid))
