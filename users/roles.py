"""What staff may do, and which of Django's groups may what. `manage.py migrate` brings the groups up to this."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

# Codename and name, as Django's permissions; held on `users.StaffPermission`, so asked for as `users.<codename>`.
PERMISSIONS: list[tuple[str, StrOrPromise]] = [
    ("staff_view_users", _("See accounts")),
    ("staff_suspend_users", _("Suspend accounts")),
    ("staff_end_sessions", _("End the sign-ins of others")),
    ("staff_view_sign_ins", _("See the sign-in log")),
    ("staff_view_audit", _("See the audit log")),
    ("staff_review_recoveries", _("Decide on lost second factors")),
    ("staff_invite", _("Invite and remove staff")),
    ("staff_ban_ips", _("Ban network addresses")),
    ("staff_review_risk", _("Settle risk alerts")),
    ("staff_review_reports", _("Settle reports")),
    ("staff_decide_appeals", _("Decide appeals")),
    ("staff_review_verifications", _("Review identity documents")),
    ("staff_view_payouts", _("See payouts and disputes")),
    ("staff_review_payouts", _("Decide on payouts and disputes")),
    ("staff_grant_credits", _("Grant credits")),
    ("staff_announce", _("Write announcements")),
    ("staff_view_analytics", _("See analytics")),
    ("staff_view_webhooks", _("See webhooks that were given up")),
    ("staff_resend_webhooks", _("Send again what webhooks were not told")),
    ("staff_edit_reasons", _("Write the texts of reasons")),
]

ADMIN, MODERATOR, FINANCE, SUPPORT, SECURITY = "admin", "moderator", "finance", "support", "security"

ROLES: dict[str, frozenset[str]] = {
    ADMIN: frozenset(codename for codename, _name in PERMISSIONS),
    MODERATOR: frozenset(
        {
            "staff_view_users",
            "staff_suspend_users",
            "staff_review_reports",
            "staff_decide_appeals",
            "staff_review_verifications",
        }
    ),
    FINANCE: frozenset({"staff_view_users", "staff_view_payouts", "staff_review_payouts", "staff_view_analytics"}),
    SUPPORT: frozenset(
        {
            "staff_view_users",
            "staff_end_sessions",
            "staff_view_sign_ins",
            "staff_review_recoveries",
            "staff_view_webhooks",
            "staff_resend_webhooks",
        }
    ),
    SECURITY: frozenset(
        {
            "staff_view_users",
            "staff_suspend_users",
            "staff_end_sessions",
            "staff_view_sign_ins",
            "staff_view_audit",
            "staff_review_recoveries",
            "staff_ban_ips",
            "staff_review_risk",
        }
    ),
}
ROLE_NAMES = {
    ADMIN: _("Admin"),
    MODERATOR: _("Moderator"),
    FINANCE: _("Finance"),
    SUPPORT: _("Support"),
    SECURITY: _("Security"),
}
