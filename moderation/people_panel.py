"""What staff see of a person beside a case. Who shows it records the look."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils import timezone

from payments import payment_search_selectors
from payments.types import PaymentCounts
from security import alert_selectors
from security.alert_selectors import AccountRow
from security.models import KnownDevice, LoginAttempt
from users import selectors as people
from users.models import Restriction, Session, User

from .models import Report, ReportCase, Sanction

_RECENT = timedelta(days=30)
_Outcome = LoginAttempt.Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """A person in figures; the attempts are those of the last 30 days.

    `n_strikes`: decisions about them that nobody lifted. `n_reports`, `n_reports_upheld`: what they reported, and what
    of it broke a rule. `n_reported`, `n_reported_upheld`: cases of reports about them. `linked`: accounts that fraud
    alerts put beside theirs.
    """

    uid: uuid.UUID
    name: str
    role: str
    is_active: bool
    is_staff: bool
    verification: str
    created_at: datetime
    restrictions: list[str]
    n_devices: int
    n_sessions: int
    n_signed_in: int
    n_failed: int
    n_strikes: int
    n_reports: int
    n_reports_upheld: int
    n_reported: int
    n_reported_upheld: int
    payments: PaymentCounts
    linked: list[AccountRow]

    @property
    def n_days(self) -> int:
        """The age of the account."""
        return (timezone.now() - self.created_at).days


def find_panel(*, uid: uuid.UUID | None) -> Panel | None:
    """The person with this public id, active or not: eleven queries, however much there is."""
    user = User.objects.filter(uid=uid).first() if uid else None
    if user is None:
        return None
    now = timezone.now()
    restrictions = Restriction.objects.filter(user=user, lifted_at__isnull=True).filter(
        Q(until__isnull=True) | Q(until__gt=now)
    )
    attempts = LoginAttempt.objects.filter(user_uid=user.uid, created_at__gte=now - _RECENT).aggregate(
        good=Count("id", filter=Q(outcome=_Outcome.SUCCEEDED)),
        bad=Count("id", filter=Q(outcome__in=[_Outcome.FAILED, _Outcome.REFUSED])),
    )
    live = Session.objects.filter(user=user, parent__isnull=True, ended_at__isnull=True, expires_at__gt=now)
    return Panel(
        uid=user.uid,
        name=user.name,
        role=user.get_role_display(),
        is_active=user.is_active,
        is_staff=user.is_staff,
        verification=user.get_verification_level_display(),
        created_at=user.created_at,
        restrictions=[restriction.get_kind_display() for restriction in restrictions],
        n_devices=KnownDevice.objects.filter(user_uid=user.uid, forgotten_at__isnull=True).count(),
        n_sessions=live.count(),
        n_signed_in=attempts["good"],
        n_failed=attempts["bad"],
        n_strikes=Sanction.objects.filter(user=user, lifted_at__isnull=True).count(),
        **_reports(user),
        payments=payment_search_selectors.count_of(user=user),
        linked=alert_selectors.list_linked(user_uid=user.uid),
    )


def _reports(user: User) -> dict[str, int]:
    upheld = ReportCase.State.UPHELD
    made = Report.objects.filter(reporter=user).aggregate(
        n_reports=Count("pk"), n_reports_upheld=Count("pk", filter=Q(case__state=upheld))
    )
    about = ReportCase.objects.filter(subject=user).aggregate(
        n_reported=Count("pk"), n_reported_upheld=Count("pk", filter=Q(state=upheld))
    )
    return {**made, **about}


def find_uid(*, text: str) -> uuid.UUID | None:
    """The public id that staff mean by an e-mail address or by an id; None for an address that nobody has.

    An id is taken as it is: its account may be gone while the logs still know it.
    """
    try:
        return uuid.UUID(text.strip())
    except ValueError:
        user = people.find_user_by_email(email=text)
        return user.uid if user else None


def list_emails(*, uids: Iterable[uuid.UUID]) -> dict[uuid.UUID, str]:
    """The e-mail addresses of these accounts: one query. Who shows them records it for each."""
    return dict(User.objects.filter(uid__in=set(uids)).values_list("uid", "email"))


def list_people(*, uids: Iterable[uuid.UUID]) -> dict[uuid.UUID, User]:
    """These accounts as far as they still exist: one query. Who shows them records it for the case they stand in."""
    return {user.uid: user for user in User.objects.filter(uid__in=set(uids))}


def list_live_families(*, families: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these sign-ins still go on: one query."""
    live = Session.objects.filter(
        pk__in=set(families), parent__isnull=True, ended_at__isnull=True, expires_at__gt=timezone.now()
    )
    return set(live.values_list("pk", flat=True))
