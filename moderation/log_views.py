"""The sign-in log and the audit log: parse, one service call, render."""

from __future__ import annotations

from .staff import StaffPage


class SignInsPage(StaffPage):
    permission = "users.staff_view_sign_ins"


class AuditPage(StaffPage):
    permission = "users.staff_view_audit"
