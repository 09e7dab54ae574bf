"""This app's part of a copy of someone's data: the account and what belongs to it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from security import selectors as security_log

from .. import selectors
from ..models import (
    AccountClosure,
    Block,
    DataExport,
    EmailChange,
    FactorRecovery,
    Notification,
    NotificationChoice,
    PushDevice,
    Restriction,
    Session,
    User,
)
from ..types import ExportWriter


def export_account(*, user: User, out: ExportWriter) -> None:
    """Who someone is to us, their second factors, and what was asked for or decided about the account."""
    fields = (
        "uid", "email", "name", "role", "birth_date", "phone", "language", "email_verified_at", "email_factor_at",
        "verification_level", "is_active", "created_at", "last_login",
    )  # fmt: skip
    account: dict[str, Any] = {name: getattr(user, name) for name in fields}
    account["second_factors"] = [str(method) for method in selectors.list_strong_methods(user=user)]
    account["backup_codes_left"] = selectors.count_backup_codes(user=user)
    out.document("account/account", account)
    mine = {"user": user}
    out.rows(
        "account/restrictions",
        _values(Restriction.objects.filter(**mine), "kind", "scope", "reasons", "starts_at", "until", "lifted_at"),
    )
    out.rows(
        "account/closures",
        _values(AccountClosure.objects.filter(**mine), "kind", "requested_at", "erase_at", "cancelled_at"),
    )
    out.rows(
        "account/e-mail-changes",
        _values(
            EmailChange.objects.filter(**mine), "old_email", "new_email", "requested_at", "confirmed_at", "undone_at"
        ),
    )
    out.rows(
        "account/lost-factor-requests",
        _values(FactorRecovery.objects.filter(**mine), "reason", "ip", "requested_at", "done_at"),
    )
    out.rows("account/exports", _values(DataExport.objects.filter(**mine), "state", "requested_at", "ready_at"))
    # Without the address: who has it can wake the browser.
    out.rows(
        "account/push-devices", _values(PushDevice.objects.filter(**mine), "uid", "name", "created_at", "pushed_at")
    )
    # Who blocked this person is private to whoever did.
    out.rows("account/blocks", _values(Block.objects.filter(blocker=user), "blocked__uid", "reason", "created_at"))
    out.rows(
        "account/notifications",
        _values(
            Notification.objects.filter(**mine), "kind", "actor__uid", "payload", "created_at", "read_at", "mailed_at"
        ),
    )
    out.rows(
        "account/notification-choices",
        _values(NotificationChoice.objects.filter(**mine), "kind", "in_app", "mail", "push", "updated_at"),
    )


def export_security(*, user: User, out: ExportWriter) -> None:
    """Sign-ins, tries to sign in, devices, what was thought of them, who looked."""
    sessions = Session.objects.filter(user=user, parent__isnull=True)
    out.rows(
        "security/sign-ins",
        _values(
            sessions, "id", "kind", "ip", "user_agent", "device_name", "factor", "limit", "created_at",
            "last_seen_at", "ended_at", "end_reason",
        ),
    )  # fmt: skip
    for name, rows in security_log.export_rows(user_uid=user.uid).items():
        out.rows(f"security/{name}", rows)


def _values(rows: QuerySet[Any], *names: str) -> Any:
    return rows.order_by("pk").values(*names).iterator(chunk_size=1000)
