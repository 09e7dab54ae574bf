"""Reads about one's own data: what stops an account, its copies, and who looked at it."""

from __future__ import annotations

import uuid

from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext

from pairly.common.problems import NotFound
from security import audit_selectors

from .constants import ACCESSES_PAGE, EXPORTS_SHOWN
from .models import AccountClosure, DataExport, Restriction, User
from .roles import ROLE_NAMES
from .types import AccessPage, AccessRow, PrivacyState


def find_suspension(*, user: User) -> Restriction | None:
    """The suspension of `user` that lasts longest, if any is in force."""
    rows = Restriction.objects.filter(user=user, kind=Restriction.Kind.SUSPENSION, lifted_at__isnull=True)
    in_force = rows.filter(Q(until__isnull=True) | Q(until__gt=timezone.now()))
    return in_force.order_by(F("until").desc(nulls_first=True), "-pk").first()


def find_open_closure(*, user: User) -> AccountClosure | None:
    """The rest or the coming deletion of the account of `user`."""
    return AccountClosure.objects.filter(user=user, cancelled_at__isnull=True, erased_at__isnull=True).first()


def is_erased(*, user: User) -> bool:
    """Whether the account was deleted for good."""
    return AccountClosure.objects.filter(user=user, erased_at__isnull=False).exists()


def list_exports(*, user: User) -> QuerySet[DataExport]:
    """The copies of their data that `user` asked for, newest first."""
    return DataExport.objects.filter(user=user).order_by("-requested_at", "-pk")


def get_export(*, user: User, uid: uuid.UUID) -> DataExport:
    """A copy that `user` asked for; raises NotFound, also for somebody else's."""
    export = list_exports(user=user).filter(pk=uid).first()
    if export is None:
        raise NotFound
    return export


def get_privacy_state(*, user: User) -> PrivacyState:
    """What the privacy page shows: three queries."""
    return PrivacyState(
        suspension=find_suspension(user=user),
        closure=find_open_closure(user=user),
        exports=list(list_exports(user=user)[:EXPORTS_SHOWN]),
    )


def get_access_page(*, user: User, before_id: int | None = None) -> AccessPage:
    """Who looked at the data of `user`, newest first, before `before_id` if given. Roles are told, never names."""
    rows = audit_selectors.list_accesses(subject_uid=user.uid, before_id=before_id, limit=ACCESSES_PAGE + 1)
    has_more = len(rows) > ACCESSES_PAGE
    shown = [
        AccessRow(
            id=row.id,
            created_at=row.created_at,
            role=_role_in_words(row.role),
            action=row.action,
            what=_what_was_seen(row.action),
            reason=row.reason,
        )
        for row in rows[:ACCESSES_PAGE]
    ]
    return AccessPage(shown, rows[ACCESSES_PAGE - 1].id if has_more else None)


def _role_in_words(role: str) -> str:
    """The groups that the viewer had then, in plain words."""
    names = [str(ROLE_NAMES[group]) for group in role.split(", ") if group in ROLE_NAMES]
    return ", ".join(names) or gettext("Staff")


def _what_was_seen(action: str) -> str:
    return {
        "staff.sign_ins_viewed": gettext("Your sign-in history"),
        "staff.emails_viewed": gettext("Your e-mail address in the sign-in log"),
        "staff.audit_viewed": gettext("What was done with your account"),
        "staff.case_viewed": gettext("A case about you"),
        "staff.attachment_viewed": gettext("A file that you sent in a conversation"),
        "staff.data_viewed": gettext("Your account's data"),
        "staff.account_viewed": gettext("Your account"),
    }.get(action, gettext("Data about you"))
