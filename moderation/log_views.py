"""The sign-in log and the audit log: parse, read, record that somebody read, render."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext, pgettext

from pairly.common.charts import BarChart, Group, Series
from pairly.common.csv_files import CsvFile
from pairly.common.own_path import own_path
from security import audit_selectors, log_selectors
from security.client_ip import client_of
from security.log_selectors import Figures, LogFilter, LogRow

from . import people_panel
from .constants import CSV_ROWS_MAX, LOG_PAGE, TOP_ROWS
from .log_forms import AuditLogForm, SignInLogForm
from .services import sign_ins, trail
from .staff import StaffPage

SIGN_INS_VIEWED, SIGN_INS_EXPORTED = "staff.sign_ins_viewed", "staff.sign_ins_exported"
AUDIT_VIEWED, AUDIT_EXPORTED = "staff.audit_viewed", "staff.audit_exported"
EMAILS_VIEWED = "staff.emails_viewed"


class LogPage(StaffPage):
    """A log that is filtered in the URL. Reading it is recorded, as a private view where it is about one person."""

    def note(
        self, request: HttpRequest, action: str, *, subject_uid: uuid.UUID | None = None, reason: str = ""
    ) -> None:
        """Record who read what, with the filter as it was asked for."""
        trail.note_view(
            staff=self.staff,
            sign_in=self.sign_in,
            client=client_of(request=request),
            action=action,
            subject_uid=subject_uid,
            reason=reason,
            details={"filter": asked_for(request)},
        )


class SignInsPage(LogPage):
    """Everybody's tries to sign in, and figures over those that fit."""

    permission = "users.staff_view_sign_ins"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = SignInLogForm(request.GET)
        if not form.is_valid():
            return self.show(request, "moderation/sign_ins.html", {"form": form}, status=422)
        wanted: LogFilter = form.get_wanted()
        rows = log_selectors.list_log(wanted=wanted, before_id=form.cleaned_data["before"], limit=LOG_PAGE + 1)
        shown = rows[:LOG_PAGE]
        figures = log_selectors.get_figures(wanted=wanted, n_top=TOP_ROWS)
        failures = log_selectors.list_failures(wanted=wanted, limit=TOP_ROWS)
        context: dict[str, Any] = {
            "form": form,
            "rows": shown,
            "figures": figures,
            "chart": day_chart(figures),
            "failures": failures,
            "live": people_panel.list_live_families(families=[row.family for row in shown if row.family]),
            "may_end": self.staff.has_perm("users.staff_end_sessions"),
            "may_see_emails": self.staff.has_perm("users.staff_view_users"),
            "emails": self._emails(request, shown, figures),
            "here": request.get_full_path(),
            **links(request, before=shown[-1].id if len(rows) > LOG_PAGE else None),
        }
        self.note(
            request, SIGN_INS_VIEWED, subject_uid=wanted.user_uid, reason=pgettext("why data was seen", "Sign-in log")
        )
        return self.show(request, "moderation/sign_ins.html", context)

    def _emails(self, request: HttpRequest, rows: list[LogRow], figures: Figures) -> dict[str, str]:
        """Addresses by public id where they were asked for and may be seen; each is a private view."""
        if "emails" not in request.GET or not self.staff.has_perm("users.staff_view_users"):
            return {}
        uids = {row.user_uid for row in rows if row.user_uid}
        uids |= {uuid.UUID(top.value) for top in figures.failing_users}
        emails = people_panel.list_emails(uids=uids)
        for uid in emails:
            self.note(request, EMAILS_VIEWED, subject_uid=uid, reason=gettext("E-mail address in the sign-in log"))
        return {str(uid): email for uid, email in emails.items()}


class SignInsFile(LogPage):
    """The same as a file, without e-mail addresses."""

    permission = "users.staff_view_sign_ins"
    columns = (
        "time", "result", "reason", "door", "account", "ip", "device", "new device", "risk", "risk reasons", "sign-in",
    )  # fmt: skip

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = SignInLogForm(request.GET)
        if not form.is_valid():
            return redirect(f"{reverse('moderation:sign-ins')}?{request.GET.urlencode()}")
        wanted = form.get_wanted()
        self.note(request, SIGN_INS_EXPORTED, subject_uid=wanted.user_uid, reason=gettext("Sign-in log as a file"))
        rows = log_selectors.iterate_log(wanted=wanted, limit=CSV_ROWS_MAX)
        return CsvFile(name="sign-ins", columns=self.columns, rows=map(_sign_in_cells, rows))


class EndSignInPage(StaffPage):
    """POST only: end somebody's sign-in."""

    http_method_names = ["post"]
    permission = "users.staff_end_sessions"

    def post(self, request: HttpRequest, family: uuid.UUID) -> HttpResponse:
        has_ended = sign_ins.end_sign_in(
            family=family, staff=self.staff, sign_in=self.sign_in, client=client_of(request=request)
        )
        text = gettext("That sign-in has ended.") if has_ended else gettext("That sign-in was over already.")
        messages.success(request, text)
        return redirect(own_path(request.POST.get("next")) or "moderation:home")


class AuditPage(LogPage):
    """What people, staff and the system did."""

    permission = "users.staff_view_audit"

    def get(self, request: HttpRequest) -> HttpResponse:
        form = AuditLogForm(request.GET)
        if not form.is_valid():
            return self.show(request, "moderation/audit.html", {"form": form}, status=422)
        wanted = form.get_wanted()
        rows = audit_selectors.list_entries(wanted=wanted, before_id=form.cleaned_data["before"], limit=LOG_PAGE + 1)
        shown = rows[:LOG_PAGE]
        before = shown[-1].id if len(rows) > LOG_PAGE else None
        self.note(request, AUDIT_VIEWED, subject_uid=wanted.subject_uid, reason=gettext("Audit log"))
        return self.show(
            request, "moderation/audit.html", {"form": form, "rows": shown, **links(request, before=before)}
        )


class AuditFile(LogPage):
    """The same as a file."""

    permission = "users.staff_view_audit"
    columns = ("time", "action", "severity", "actor", "staff", "subject", "private view", "reason", "details", "ip")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = AuditLogForm(request.GET)
        if not form.is_valid():
            return redirect(f"{reverse('moderation:audit')}?{request.GET.urlencode()}")
        wanted = form.get_wanted()
        self.note(request, AUDIT_EXPORTED, subject_uid=wanted.subject_uid, reason=gettext("Audit log as a file"))
        rows = audit_selectors.iterate_entries(wanted=wanted, limit=CSV_ROWS_MAX)
        return CsvFile(name="audit", columns=self.columns, rows=map(_audit_cells, rows))


def asked_for(request: HttpRequest) -> dict[str, str]:
    """The filter as it stands in the URL, without what is empty; e-mail addresses are left out of the record."""
    return {name: "(e-mail)" if "@" in value else value[:100] for name, value in request.GET.dict().items() if value}


def links(request: HttpRequest, *, before: int | None) -> dict[str, str]:
    """The queries of the next page and of the file, with the filter of this one."""

    def query(**changes: str) -> str:
        wanted: QueryDict = request.GET.copy()
        wanted.pop("before", None)
        for name, value in changes.items():
            wanted[name] = value
        return wanted.urlencode()

    return {
        "following": query(before=str(before)) if before else "",
        "query": query(),
        "with_emails": query(emails="yes"),
    }


def day_chart(figures: Figures) -> BarChart | None:
    """The attempts of each day; None when there are none."""
    chart = BarChart(
        title=gettext("Tries to sign in, by day (UTC)"),
        series=[
            Series(name=gettext("Signed in"), look="a"),
            Series(name=gettext("Failed or refused"), look="b"),
            Series(name=gettext("Not finished"), look="c"),
        ],
        groups=[
            Group(label=date_format(day.day, "j M"), values=(day.n_succeeded, day.n_failed, day.n_other))
            for day in figures.days
        ],
    )
    return None if chart.is_empty else chart


def _sign_in_cells(row: LogRow) -> list[object]:
    return [
        row.created_at.isoformat(), row.outcome, row.failure_reason, row.door, row.user_uid, row.ip, row.device,
        "yes" if row.is_new_device else "", row.risk_score, " ".join(row.risk), row.family,
    ]  # fmt: skip


def _audit_cells(row: audit_selectors.AuditRow) -> list[object]:
    return [
        row.created_at.isoformat(), row.action, row.severity, row.actor_uid, "yes" if row.by_staff else "",
        row.subject_uid, "yes" if row.is_private_view else "", row.reason, json.dumps(row.details), row.ip,
    ]  # fmt: skip
