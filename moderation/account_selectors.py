"""Reads of accounts for staff who may see them: never their own, and whoever shows one records the look."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.contrib.postgres.search import SearchQuery
from django.db.models import Case, CharField, Exists, OuterRef, QuerySet, Value, When
from django.utils.translation import gettext_lazy as _

from pairly.common.problems import NotFound
from users import selectors as people
from users.models import AccountClosure, Restriction, User
from users.models.account import NAME_WORDS

# What an account is: the first that fits. `inactive` is one that nothing of these explains.
STATES = {
    "active": _("active"),
    "suspended": _("suspended"),
    "resting": _("resting"),
    "leaving": _("to be deleted"),
    "deleted": _("deleted"),
    "inactive": _("not active"),
}
STAFF = "staff"
# Nothing of what `to_tsquery` reads as a sign is in one; marks of Indian scripts are part of a word.
_WORD = re.compile(r"(?:[^\W_]|[\u0900-\u0dff])+")


@dataclass(frozen=True, kw_only=True, slots=True)
class AccountFilter:
    """Which accounts are wanted. `text` is a whole e-mail address, a whole id, or the words of a name or
    their beginnings, in any order; `role` a role of `User` or STAFF; the days are of joining, in UTC, both included."""

    text: str = ""
    role: str = ""
    state: str = ""
    verified: int | None = None
    since: date | None = None
    until: date | None = None


def list_accounts(*, staff: User, wanted: AccountFilter) -> QuerySet[Any]:
    """Those that fit, each with its `state` (of STATES), the newest first; the one of `staff` left out."""
    rows: QuerySet[Any] = _with_state(User.objects.exclude(pk=staff.pk)).order_by("-pk")
    if wanted.text:
        rows = _named(rows, wanted.text.strip())
    if wanted.role:
        rows = rows.filter(is_staff=True) if wanted.role == STAFF else rows.filter(role=wanted.role)
    if wanted.state:
        rows = rows.filter(state=wanted.state)
    if wanted.verified is not None:
        rows = rows.filter(verification_level=wanted.verified)
    if wanted.since:
        rows = rows.filter(created_at__gte=datetime.combine(wanted.since, time.min, tzinfo=UTC))
    if wanted.until:
        rows = rows.filter(created_at__lte=datetime.combine(wanted.until, time.max, tzinfo=UTC))
    return rows


def iterate_accounts(*, staff: User, wanted: AccountFilter, limit: int) -> Iterator[Any]:
    """The same for a file, read as it is sent: at most `limit`."""
    return list_accounts(staff=staff, wanted=wanted)[:limit].iterator(chunk_size=500)


def get_account(*, staff: User, uid: uuid.UUID) -> Any:
    """One account with its `state`. Raises NotFound, also for one's own."""
    found = _with_state(User.objects.exclude(pk=staff.pk)).filter(uid=uid).first()
    if found is None:
        raise NotFound
    return found


def state_words(state: str) -> str:
    """What `state` says, in words."""
    return str(STATES.get(state, state))


def _named(rows: QuerySet[Any], text: str) -> QuerySet[Any]:
    try:
        return rows.filter(uid=uuid.UUID(text))
    except ValueError:
        pass
    if "@" in text:
        user = people.find_user_by_email(email=text)
        return rows.filter(pk=user.pk) if user else rows.none()
    words = _WORD.findall(text)
    if not words:
        return rows.none()
    asked = SearchQuery(" & ".join(f"'{word}':*" for word in words), config="simple", search_type="raw")
    found: QuerySet[Any] = rows.annotate(name_words=NAME_WORDS).filter(name_words=asked)
    return found


def _with_state(rows: QuerySet[Any]) -> QuerySet[Any]:
    closures = AccountClosure.objects.filter(user=OuterRef("pk"))
    open_ones = closures.filter(cancelled_at__isnull=True, erased_at__isnull=True)
    suspensions = Restriction.objects.filter(
        user=OuterRef("pk"), kind=Restriction.Kind.SUSPENSION, lifted_at__isnull=True
    )
    cases = (
        When(Exists(closures.filter(erased_at__isnull=False)), then=Value("deleted")),
        When(is_active=True, then=Value("active")),
        When(Exists(suspensions), then=Value("suspended")),
        When(Exists(open_ones.filter(kind=AccountClosure.Kind.DELETION)), then=Value("leaving")),
        When(Exists(open_ones), then=Value("resting")),
    )
    found: QuerySet[Any] = rows.annotate(state=Case(*cases, default=Value("inactive"), output_field=CharField()))
    return found
