"""Who works here and who is invited to: parse, one service call, render."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext

from pairly.common.problems import NotFound, Problem
from security.client_ip import client_of
from users import staff_selectors
from users.constants import INVITATIONS_PAGE
from users.errors import StepUpRequired
from users.forms import ProblemForm
from users.services import invitations, staff, step_up
from users.views import redirect_to_next

from .people_forms import InviteForm, RolesForm
from .staff import StaffPage


class AdminPage(StaffPage):
    """A page for who may invite and remove. Where fresh proof is asked for, it is given first and one comes back."""

    permission = "users.staff_invite"

    def given(self, request: HttpRequest) -> dict[str, Any]:
        """Who asks, as the services want it."""
        return {"by": self.staff, "sign_in": self.sign_in, "client": client_of(request=request)}

    def needs_proof(self) -> bool:
        """Whether a change would be refused for want of fresh proof: said before somebody fills in a form."""
        try:
            step_up.require(user=self.staff, sign_in=self.sign_in)
        except StepUpRequired:
            return True
        return False


class PeoplePage(AdminPage):
    """Everybody who works here."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self.show(request, "moderation/people.html", {"rows": staff_selectors.list_staff(user=self.staff)})


class MemberPage(AdminPage):
    """Somebody who works here: what they do, and the end of it."""

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        person = staff_selectors.get_staff(user=self.staff, uid=uid)
        return self._page(request, uid, RolesForm(initial={"roles": staff_selectors.roles_of(person)}))

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        form = RolesForm(request.POST)
        if not form.is_valid():
            return self._page(request, uid, form, status=422)
        try:
            staff.change_roles(**self.given(request), uid=uid, roles=form.cleaned_data["roles"])
        except StepUpRequired:
            return redirect_to_next("users:step-up", request.path)
        except NotFound:
            raise
        except Problem as problem:
            form.add_problem(problem)
            return self._page(request, uid, form, status=problem.status)
        messages.success(request, gettext("The roles are changed; they sign in again."))
        return redirect("moderation:people")

    def _page(self, request: HttpRequest, uid: uuid.UUID, form: ProblemForm, *, status: int = 200) -> HttpResponse:
        person = staff_selectors.get_staff(user=self.staff, uid=uid)
        context = {"person": person, "form": form, "needs_proof": self.needs_proof()}
        return self.show(request, "moderation/member.html", context, status=status)


class RemovePage(AdminPage):
    """POST only: make somebody an ordinary person again."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        try:
            staff.remove(**self.given(request), uid=uid)
        except StepUpRequired:
            return redirect_to_next("users:step-up", reverse("moderation:member", args=[uid]))
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.detail or problem.title))
            return redirect("moderation:member", uid)
        messages.success(request, gettext("They work here no more, and were signed out."))
        return redirect("moderation:people")


class InvitationsPage(AdminPage):
    """Invitations, the newest first, and the form of a new one."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, InviteForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        form = InviteForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        try:
            invitations.invite(**self.given(request), **form.cleaned_data)
        except StepUpRequired:
            return redirect_to_next("users:step-up", request.path)
        except Problem as problem:
            form.add_problem(problem)
            return self._page(request, form, status=problem.status)
        messages.success(request, gettext("The invitation is on its way."))
        return redirect("moderation:invitations")

    def _page(self, request: HttpRequest, form: ProblemForm, *, status: int = 200) -> HttpResponse:
        rows = staff_selectors.list_invitations(
            user=self.staff, limit=INVITATIONS_PAGE + 1, before=_before(request.GET.get("before", ""))
        )
        has_more = len(rows) > INVITATIONS_PAGE
        context: dict[str, Any] = {"form": form, "rows": rows[:INVITATIONS_PAGE], "needs_proof": self.needs_proof()}
        context["before"] = rows[INVITATIONS_PAGE - 1].uid if has_more else None
        return self.show(request, "moderation/invitations.html", context, status=status)


class RevokePage(AdminPage):
    """POST only: take an invitation back."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        try:
            invitations.revoke(**self.given(request), uid=uid)
        except StepUpRequired:
            return redirect_to_next("users:step-up", reverse("moderation:invitations"))
        messages.success(request, gettext("The invitation is revoked."))
        return redirect("moderation:invitations")


def _before(given: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(given)
    except ValueError:
        return None
