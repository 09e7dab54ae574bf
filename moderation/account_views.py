"""Accounts for staff: find one, read what is known of it, suspend it or let it back.

Parse, one service call, render.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django_stubs_ext import StrOrPromise

from pairly.common.csv_files import CsvFile
from pairly.common.ids import uuid7
from pairly.common.problems import NotFound, Problem
from security.client_ip import client_of
from users.errors import StepUpRequired
from users.models import User
from users.services import step_up
from users.views import redirect_to_next

from . import account_selectors, people_panel, selectors
from .account_forms import AccountsForm, SuspendForm, UnsuspendForm
from .constants import CSV_ROWS_MAX, LOG_PAGE
from .reason_forms import CannedForm, preview_answer
from .sanctions import selectors as sanctions
from .sanctions.constants import REASONS, SUSPEND
from .sanctions.services import imposing, previews
from .services import accounts, letters
from .staff import StaffPage, wants_json


@dataclass(frozen=True, slots=True)
class AccountLink:
    """Where somebody of staff may read on about an account."""

    url: str
    text: StrOrPromise
    icon: str


class AccountsPage(StaffPage):
    """All accounts, filtered in the URL. Addresses are not shown; the search is recorded."""

    permission = accounts.VIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        form = AccountsForm(request.GET)
        if not form.is_valid():
            return self.show(request, "moderation/accounts.html", {"form": form}, status=422)
        rows = account_selectors.list_accounts(staff=self.staff, wanted=form.get_wanted())
        before = form.cleaned_data["before"]
        found = list((rows.filter(pk__lt=before) if before else rows)[: LOG_PAGE + 1])
        accounts.note_list(**form.get_asked(), action=accounts.LISTED, **self.who(request))
        shown = found[:LOG_PAGE]
        following = _query(request, before=str(shown[-1].pk)) if len(found) > LOG_PAGE else ""
        context = {"form": form, "rows": shown, "following": following, "query": _query(request)}
        return self.show(request, "moderation/accounts.html", context)

    def who(self, request: HttpRequest) -> dict[str, Any]:
        """Who looks, as the record wants it."""
        return {"staff": self.staff, "sign_in": self.sign_in, "client": client_of(request=request)}


class AccountsFile(AccountsPage):
    """The same as a file, without e-mail addresses."""

    columns = ("account", "name", "role", "staff", "state", "verification", "joined")

    def get(self, request: HttpRequest) -> HttpResponseBase:  # type: ignore[override]  # a file, not a page
        form = AccountsForm(request.GET)
        if not form.is_valid():
            return redirect(f"{reverse('moderation:accounts')}?{request.GET.urlencode()}")
        accounts.note_list(**form.get_asked(), action=accounts.EXPORTED, **self.who(request))
        rows = account_selectors.iterate_accounts(staff=self.staff, wanted=form.get_wanted(), limit=CSV_ROWS_MAX)
        return CsvFile(name="accounts", columns=self.columns, rows=map(_cells, rows))


class AccountPage(AccountsPage):
    """One account: who it is, what was done to it, and what may be done. Every look is a private view."""

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:  # type: ignore[override]
        return self.show_account(request, uid)

    def show_account(
        self,
        request: HttpRequest,
        uid: uuid.UUID,
        *,
        suspend_form: SuspendForm | None = None,
        unsuspend_form: UnsuspendForm | None = None,
        canned_form: CannedForm | None = None,
        preview: letters.Preview | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """The page, with the forms as they were refused if they were."""
        person = account_selectors.get_account(staff=self.staff, uid=uid)
        may_suspend, now = self.staff.has_perm(SUSPEND), timezone.now()
        panel = people_panel.find_panel(uid=uid)
        accounts.note_view(person=person, **self.who(request))
        rows = [
            {
                "sanction": row,
                "state": sanctions.state_of(sanction=row, at=now),
                "rule": sanctions.rule_of(sanction=row),
                "scope": sanctions.scope_of(sanction=row),
            }
            for row in sanctions.list_of(user=person)
        ]
        context = {
            "person": person,
            "panel": panel,
            "linked": self._linked(panel),
            "in_force": [row for row in rows if row["state"] == "in_force"],
            "past": [row for row in rows if row["state"] != "in_force"],
            "cases": selectors.list_items_about(user=self.staff, subject_uid=uid),
            "links": self._links(person),
            "may_suspend": may_suspend and person.state != "deleted",
            "is_suspended": person.state == "suspended",
            "suspend_form": suspend_form or SuspendForm(initial={"nonce": uuid7()}),
            "unsuspend_form": unsuspend_form or UnsuspendForm(),
            "canned_form": canned_form or (_canned_form(person) if may_suspend else None),
            "preview": preview,
            "needs_proof": may_suspend and not step_up.is_fresh(sign_in=self.sign_in),
            "proof_path": reverse("moderation:account", args=[uid]),
        }
        return self.show(request, "moderation/account.html", context, status=status)

    def _linked(self, panel: people_panel.Panel | None) -> list[Any]:
        """Linked accounts, for who settles the alerts that link them."""
        return panel.linked if panel and self.staff.has_perm("users.staff_review_risk") else []

    def _links(self, person: User) -> list[AccountLink]:
        of = f"{person.uid}"
        found = [
            ("users.staff_view_sign_ins", f"{reverse('moderation:sign-ins')}?user={of}", gettext("Sign-ins"), "key"),
            ("users.staff_view_audit", f"{reverse('moderation:audit')}?subject={of}", gettext("Audit log"), "eye"),
            ("users.staff_view_payouts", f"{reverse('moderation:payments')}?q={of}", gettext("Payments"), "card"),
            (accounts.VIEW, reverse("admin:users_user_change", args=[person.pk]), gettext("Data"), "search"),
        ]
        if person.is_staff:
            member = reverse("moderation:member", args=[person.uid])
            found.append(("users.staff_invite", member, gettext("Their part at Pairly"), "people"))
        return [AccountLink(url, text, icon) for perm, url, text, icon in found if self.staff.has_perm(perm)]


class SuspendPage(AccountPage):
    """POST only: suspend somebody, with the reasons that they read."""

    http_method_names = ["post"]
    permission = SUSPEND

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        person = sanctions.get_suspendable(staff=self.staff, uid=uid)
        form = SuspendForm(request.POST)
        if not form.is_valid():
            return self.show_account(request, uid, suspend_form=form, status=422)
        try:
            step_up.require(user=self.staff, sign_in=self.sign_in)
            imposing.suspend(user=person, by=self.staff, client=client_of(request=request), **form.as_fields())
        except StepUpRequired:
            return redirect_to_next("users:step-up", reverse("moderation:account", args=[uid]))
        except NotFound:
            raise
        except Problem as problem:
            form.add_problem(problem)
            return self.show_account(request, uid, suspend_form=form, status=problem.status)
        messages.success(request, gettext("The account is suspended, and its owner is told why."))
        return redirect("moderation:account", uid)


class PreviewPage(AccountPage):
    """POST only: a kept text put into what happened (`step=fill`), and how the suspension would read. Nothing is done.

    A script that asks for JSON gets the text and the letters alone.
    """

    http_method_names = ["post"]
    permission = SUSPEND

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        person = sanctions.get_suspendable(staff=self.staff, uid=uid)
        canned, given = _canned_form(person, request.POST), request.POST.copy()
        facts, preview, status = request.POST.get("facts", ""), None, 422
        if canned.is_valid():
            chosen, _shown = canned.get_wanted(is_fill=request.POST.get("step") == "fill")
            facts = letters.put_in(kind=REASONS, uid=chosen, text=facts) if chosen else facts
        given["facts"] = facts
        form = SuspendForm(given)
        if form.is_valid():
            try:
                preview, status = previews.preview(user=person, **form.as_fields()), 200
            except Problem as problem:
                form.add_problem(problem)
        if wants_json(request):
            return JsonResponse(preview_answer(text=facts, form=form, preview=preview))
        return self.show_account(request, uid, suspend_form=form, canned_form=canned, preview=preview, status=status)


class UnsuspendPage(AccountPage):
    """POST only: let somebody back."""

    http_method_names = ["post"]
    permission = SUSPEND

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        person = sanctions.get_suspendable(staff=self.staff, uid=uid)
        form = UnsuspendForm(request.POST)
        if not form.is_valid():
            return self.show_account(request, uid, unsuspend_form=form, status=422)
        try:
            step_up.require(user=self.staff, sign_in=self.sign_in)
            imposing.unsuspend(user=person, by=self.staff, client=client_of(request=request), **form.cleaned_data)
        except StepUpRequired:
            return redirect_to_next("users:step-up", reverse("moderation:account", args=[uid]))
        except NotFound:
            raise
        except Problem as problem:
            form.add_problem(problem)
            return self.show_account(request, uid, unsuspend_form=form, status=problem.status)
        messages.success(request, gettext("They may come back, and are told why."))
        return redirect("moderation:account", uid)


def _canned_form(person: User, given: QueryDict | None = None) -> CannedForm:
    return CannedForm(given, reasons=letters.list_reasons(kind=REASONS, language=person.language))


def _query(request: HttpRequest, **changes: str) -> str:
    """The query of this page with another `before`."""
    wanted = request.GET.copy()
    wanted.pop("before", None)
    for name, value in changes.items():
        wanted[name] = value
    return wanted.urlencode()


def _cells(row: Any) -> list[object]:
    level = "yes" if row.verification_level else ""
    return [row.uid, row.name, row.role, "yes" if row.is_staff else "", row.state, level, row.created_at.isoformat()]
