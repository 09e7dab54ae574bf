"""The sign-in log as staff read it: everybody's attempts, and figures over those that fit."""

from __future__ import annotations

import ipaddress
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Count, F, Lookup, Q, QuerySet
from django.db.models.functions import TruncDate
from django.db.models.sql.compiler import SQLCompiler
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrOrPromise

from .models import LoginAttempt, RiskDecision
from .types import Door
from .user_agents import name_of

_Outcome = LoginAttempt.Outcome
_FAILED = Q(outcome__in=[_Outcome.FAILED, _Outcome.REFUSED])
_CHUNK = 500


class _Within(Lookup[Any]):
    """PostgreSQL's `inet <<= inet`: an address lies in a network."""

    prepare_rhs = False

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[str | int, ...]]:
        left, params = self.process_lhs(compiler, connection)
        return f"{left} <<= %s::inet", (*params, self.rhs)


OUTCOMES: dict[str, StrOrPromise] = {
    _Outcome.SUCCEEDED: _("Signed in"),
    _Outcome.CHALLENGED: _("Asked for the second step"),
    _Outcome.FAILED: _("Failed"),
    _Outcome.REFUSED: _("Refused"),
    _Outcome.PENDING: _("Not finished"),
}
DOORS: dict[str, StrOrPromise] = {
    Door.PAGE: _("Sign-in page"),
    Door.API: _("App"),
    Door.ADMIN: _("Staff"),
    Door.RESET: _("Password reset"),
    Door.PASSKEY: _("Passkey"),
    Door.STEP_UP: _("Confirmation"),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class LogFilter:
    """Which attempts are wanted: of days from `since` up to `until` (whole days of UTC, both included), and of what
    is given besides. `network` is an address or a network in CIDR notation."""

    since: date
    until: date
    user_uid: uuid.UUID | None = None
    network: str = ""
    outcome: str = ""
    door: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class LogRow:
    """One attempt: codes, and the same in words; `risk` are the codes of the rules that spoke."""

    id: int
    created_at: datetime
    outcome: str
    result: str
    failure_reason: str
    door: str
    door_name: str
    user_uid: uuid.UUID | None
    ip: str
    device: str
    family: uuid.UUID | None
    is_new_device: bool
    risk_score: int | None
    risk: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Top:
    """Something that is counted: an account, an address, a program."""

    value: str
    n: int
    n_failed: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Day:
    """The attempts of a day of UTC."""

    day: date
    n_succeeded: int
    n_failed: int
    n_other: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Counts over all attempts that fit. The rates are in per cent of those that ended well or badly, None where there
    are none: a password that was right and asked for a second step is neither yet."""

    n_attempts: int
    n_succeeded: int
    n_failed: int
    n_users: int
    n_addresses: int
    days: list[Day]
    failing_users: list[Top]
    failing_addresses: list[Top]
    programs: list[Top]

    @property
    def success_rate(self) -> float | None:
        return self._rate(self.n_succeeded)

    @property
    def failure_rate(self) -> float | None:
        return self._rate(self.n_failed)

    def _rate(self, n: int) -> float | None:
        n_ended = self.n_succeeded + self.n_failed
        return round(100 * n / n_ended, 1) if n_ended else None


def parse_network(*, text: str) -> str:
    """An address or a network as it is compared: canonical, host bits cleared. Raises ValueError."""
    network = ipaddress.ip_network(text.strip(), strict=False)
    return str(network.network_address) if network.num_addresses == 1 else str(network)


def list_log(*, wanted: LogFilter, before_id: int | None = None, limit: int = 50) -> list[LogRow]:
    """Attempts that fit, newest first, before `before_id` if given: two queries."""
    rows = _fitting(wanted)
    if before_id is not None:
        rows = rows.filter(pk__lt=before_id)
    return _with_risk(list(rows.order_by("-pk")[:limit]))


def list_failures(*, wanted: LogFilter, limit: int) -> list[LogRow]:
    """The newest of the attempts that fit and that failed or were refused: two queries."""
    return _with_risk(list(_fitting(wanted).filter(_FAILED).order_by("-pk")[:limit]))


def iterate_log(*, wanted: LogFilter, limit: int) -> Iterator[LogRow]:
    """All attempts that fit, newest first, at most `limit`, read in pieces: two queries for every 500."""
    before_id, n_left = None, limit
    while n_left > 0 and (piece := list_log(wanted=wanted, before_id=before_id, limit=min(_CHUNK, n_left))):
        yield from piece
        before_id, n_left = piece[-1].id, n_left - len(piece)


def get_figures(*, wanted: LogFilter, n_top: int = 5) -> Figures:
    """Counts over all attempts that fit: five queries, whatever their number."""
    rows = _fitting(wanted)
    totals = rows.aggregate(
        n_attempts=Count("id"),
        n_succeeded=Count("id", filter=Q(outcome=_Outcome.SUCCEEDED)),
        n_failed=Count("id", filter=_FAILED),
        n_users=Count("user_uid", distinct=True),
        n_addresses=Count("ip", distinct=True),
    )
    return Figures(
        **totals,
        days=_days(rows, wanted),
        failing_users=_top_failing(rows, "user_uid", n_top),
        failing_addresses=_top_failing(rows, "ip", n_top),
        programs=_programs(rows, n_top),
    )


def _fitting(wanted: LogFilter) -> QuerySet[LoginAttempt]:
    rows = LoginAttempt.objects.filter(
        created_at__gte=datetime.combine(wanted.since, time.min, tzinfo=UTC),
        created_at__lte=datetime.combine(wanted.until, time.max, tzinfo=UTC),
    )
    if wanted.user_uid is not None:
        rows = rows.filter(user_uid=wanted.user_uid)
    if wanted.outcome:
        rows = rows.filter(outcome=wanted.outcome)
    if wanted.door:
        rows = rows.filter(door=wanted.door)
    if "/" in wanted.network:
        return rows.filter(_Within(F("ip"), wanted.network))
    return rows.filter(ip=wanted.network) if wanted.network else rows


def _days(rows: QuerySet[LoginAttempt], wanted: LogFilter) -> list[Day]:
    """Every day of the range, also those without attempts."""
    counted = {
        row["day"]: row
        for row in rows.annotate(day=TruncDate("created_at", tzinfo=UTC))
        .values("day")
        .annotate(
            n=Count("id"),
            n_succeeded=Count("id", filter=Q(outcome=_Outcome.SUCCEEDED)),
            n_failed=Count("id", filter=_FAILED),
        )
        .order_by()
    }
    n_days = (wanted.until - wanted.since).days + 1
    days = []
    for day in (wanted.since + timedelta(days=n) for n in range(max(0, n_days))):
        row = counted.get(day, {"n": 0, "n_succeeded": 0, "n_failed": 0})
        other = row["n"] - row["n_succeeded"] - row["n_failed"]
        days.append(Day(day=day, n_succeeded=row["n_succeeded"], n_failed=row["n_failed"], n_other=other))
    return days


def _top_failing(rows: QuerySet[LoginAttempt], field: str, n_top: int) -> list[Top]:
    counted = (
        rows.filter(**{f"{field}__isnull": False})
        .values(value=F(field))
        .annotate(n=Count("id"), n_failed=Count("id", filter=_FAILED))
        .filter(n_failed__gt=0)
        .order_by("-n_failed", "value")[:n_top]
    )
    return [Top(value=str(row["value"]), n=row["n"], n_failed=row["n_failed"]) for row in counted]


def _programs(rows: QuerySet[LoginAttempt], n_top: int) -> list[Top]:
    """By what the user agent says in words; different versions of a browser are one."""
    counted = rows.values("user_agent").annotate(n=Count("id")).order_by("-n", "user_agent")[: n_top * 10]
    by_name: dict[str, int] = {}
    for row in counted:
        name = name_of(user_agent=row["user_agent"])
        by_name[name] = by_name.get(name, 0) + row["n"]
    top = sorted(by_name.items(), key=lambda pair: (-pair[1], pair[0]))[:n_top]
    return [Top(value=name, n=n) for name, n in top]


def _with_risk(attempts: Sequence[LoginAttempt]) -> list[LogRow]:
    ids = [attempt.pk for attempt in attempts]
    spoken = RiskDecision.objects.filter(attempt_id__in=ids, user_uid__in={a.user_uid for a in attempts if a.user_uid})
    reasons = {found.attempt_id: tuple(reason["code"] for reason in found.reasons) for found in spoken}
    return [
        LogRow(
            id=attempt.pk,
            created_at=attempt.created_at,
            outcome=attempt.outcome,
            result=str(OUTCOMES[attempt.outcome]),
            failure_reason=attempt.failure_reason,
            door=attempt.door,
            door_name=str(DOORS.get(attempt.door, attempt.door)),
            user_uid=attempt.user_uid,
            ip=attempt.ip or "",
            device=name_of(user_agent=attempt.user_agent),
            family=attempt.family,
            is_new_device=attempt.known_device is False,
            risk_score=attempt.risk_score,
            risk=reasons.get(attempt.pk, ()),
        )
        for attempt in attempts
    ]
