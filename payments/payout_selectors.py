"""Reads of payouts and their methods; those with `user=` authorize."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from credits import selectors as ledger
from pairly.common.problems import NotFound
from users.models import Restriction, User
from users.selectors import list_strong_methods

from .constants import (
    BALANCE_LOW,
    BALANCE_RETRY,
    BANK_FAILED,
    BATCH,
    CHECK_PAYOUT_AFTER,
    OP_NAMESPACE,
    PAID_CHECK_AFTER,
    PAYOUT_RATES_MICRO,
    RETURN_WATCH,
    SEND_LEASE,
    TWO_PEOPLE_SPAN,
)
from .errors import CreatorsOnly, PayoutHeld, VerificationRequired
from .models import Payout, PayoutMethod, PayoutStep
from .types import ReportRow, Withdrawable, YearlyReport

_OPEN = ("requested", "approved", "processing")


# -- who may
def require_payee(*, user: User) -> None:
    """Raise CreatorsOnly or VerificationRequired unless `user` can be paid at all."""
    if not user.is_creator:
        raise CreatorsOnly
    if user.verification_level < User.VerificationLevel.DOCUMENT:
        raise VerificationRequired


def require_not_held(*, user: User) -> None:
    """Raise PayoutHeld while a sanction keeps money from leaving."""
    if is_held(user=user):
        raise PayoutHeld


def is_held(*, user: User) -> bool:
    """Whether a payout hold or a suspension is in force; also of an account that rests or is leaving."""
    kinds = (Restriction.Kind.PAYOUT_HOLD, Restriction.Kind.SUSPENSION)
    now = timezone.now()
    rows = Restriction.objects.filter(user=user, kind__in=kinds, lifted_at__isnull=True, starts_at__lte=now)
    return not user.is_active or rows.filter(Q(until__isnull=True) | Q(until__gt=now)).exists()


# -- methods
def list_methods(*, user: User) -> QuerySet[PayoutMethod]:
    """The user's methods that are not removed, newest first."""
    return PayoutMethod.objects.filter(user=user).exclude(state=PayoutMethod.State.REMOVED).order_by("-id")


def get_method(*, user: User, uid: uuid.UUID) -> PayoutMethod:
    """A method of `user`; raises NotFound, also for somebody else's or a removed one."""
    method = list_methods(user=user).filter(uid=uid).first()
    if method is None:
        raise NotFound
    return method


def find_unfinished_method(*, user: User, kind: str, currency: str, country: str) -> PayoutMethod | None:
    """The one that waits for the provider's page already: a second account there would help nobody."""
    rows = list_methods(user=user).filter(kind=kind, currency=currency, country=country)
    return rows.filter(kind=PayoutMethod.Kind.STRIPE, state=PayoutMethod.State.PENDING).first()


def has_open_payouts(*, method: PayoutMethod) -> bool:
    """Whether money is about to go there."""
    return Payout.objects.filter(method=method, status__in=_OPEN).exists()


def list_methods_of_account(*, kind: str, account_id: str) -> list[uuid.UUID]:
    """Public ids of the methods behind a provider's account. For notices."""
    rows = PayoutMethod.objects.filter(kind=kind, provider_account_id=account_id)
    return list(rows.exclude(state=PayoutMethod.State.REMOVED).values_list("uid", flat=True))


def count_others_with(*, method: PayoutMethod) -> int:
    """How many other people have, or had, the same account."""
    rows = PayoutMethod.objects.filter(fingerprint=method.fingerprint).exclude(user_id=method.user_id)
    return rows.values("user_id").distinct().count()


# -- payouts
def list_payouts(*, user: User) -> QuerySet[Payout]:
    """The user's payouts with their methods, newest first."""
    return Payout.objects.filter(user=user).select_related("method").order_by("-id")


def get_payout(*, user: User, uid: uuid.UUID) -> Payout:
    """A payout of `user`; raises NotFound, also for somebody else's."""
    payout = list_payouts(user=user).filter(uid=uid).first()
    if payout is None:
        raise NotFound
    return payout


def get_for_staff(*, uid: uuid.UUID) -> Payout:
    """Any payout with its creator and its method. The caller has asked for the permission. Raises NotFound."""
    payout = Payout.objects.select_related("user", "method", "approved_by", "second_approver").filter(uid=uid).first()
    if payout is None:
        raise NotFound
    return payout


def list_steps(*, payout: Payout) -> list[PayoutStep]:
    """What happened to a payout, in order; the last says whose turn it is and until when."""
    return list(payout.steps.order_by("id"))


def find_request(*, user: User, request_id: uuid.UUID) -> Payout | None:
    """The payout that this idempotency key made."""
    return list_payouts(user=user).filter(request_id=request_id).first()


def has_been_paid(*, user: User) -> bool:
    """Whether money ever reached them."""
    return Payout.objects.filter(user=user, status=Payout.Status.PAID).exists()


def largest_paid_centi(*, user: User) -> int:
    """The largest payout that reached them, 0 for none."""
    paid = Payout.objects.filter(user=user, status=Payout.Status.PAID)
    return paid.aggregate(most=Max("amount_centi"))["most"] or 0


def count_waiting() -> int:
    """Payouts that staff has to decide on."""
    return Payout.objects.filter(status=Payout.Status.REQUESTED).count()


def asked_lately_centi(*, user: User) -> int:
    """What `user` asked for within TWO_PEOPLE_SPAN and was not refused: many small ones are as one large one."""
    since = timezone.now() - TWO_PEOPLE_SPAN
    rows = Payout.objects.filter(user=user, created_at__gt=since).exclude(status=Payout.Status.REJECTED)
    return rows.aggregate(total=Sum("amount_centi"))["total"] or 0


def count_open(*, user: User) -> int:
    """Payouts of `user` that have not ended."""
    return Payout.objects.filter(user=user, status__in=_OPEN).count()


def amount_minor(*, amount_centi: int, currency: str) -> int:
    """What so many hundredths of a credit are worth now, in the currency's minor unit, rounded down."""
    return amount_centi * PAYOUT_RATES_MICRO[currency] // 100_000_000


def withdrawable(*, user: User) -> Withdrawable:
    """What can be asked for now, and why not."""
    earnings = ledger.get_earnings(user_id=user.pk)
    set_aside = Payout.objects.filter(user=user, status__in=("requested", "approved"))
    locked = set_aside.aggregate(total=Sum("amount_centi"))["total"] or 0
    return Withdrawable(
        withdrawable_centi=earnings.withdrawable_centi,
        maturing_centi=max(0, earnings.earned_centi - earnings.withdrawable_centi),
        promo_centi=earnings.promo_earned_centi,
        locked_centi=locked,
        minimum_centi=settings.PAYOUT_MIN_CENTI,
        obstacles=tuple(_obstacles(user, earnings.withdrawable_centi)),
    )


def _obstacles(user: User, withdrawable_centi: int) -> list[str]:
    found = []
    if not user.is_creator:
        found.append("creators_only")
    if user.verification_level < User.VerificationLevel.DOCUMENT:
        found.append("verification_required")
    if is_held(user=user):
        found.append("payout_held")
    if not list_strong_methods(user=user):
        found.append("second_factor_required")
    methods = list(list_methods(user=user))
    ready = [method for method in methods if method.state == PayoutMethod.State.READY]
    if not ready:
        found.append("payout_method_not_ready")
    elif all(method.usable_at > timezone.now() for method in ready):
        found.append("payout_method_locked")
    if ledger.get_balance(user_id=user.pk).debt_centi:
        found.append("debt_outstanding")
    if withdrawable_centi < settings.PAYOUT_MIN_CENTI:
        found.append("below_minimum")
    return found


def yearly_report(*, user: User, year: int) -> YearlyReport:
    """What `user` was paid in a year (UTC), by the days the money left or came back after that."""
    begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    statuses = (Payout.Status.PAID, Payout.Status.RETURNED)
    # Money that came back counts where it had been paid before; one that never left was never income.
    was_paid = PayoutStep.objects.filter(payout=OuterRef("payout"), status=Payout.Status.PAID)
    steps = PayoutStep.objects.filter(payout__user=user, status__in=statuses, at__gte=begin, at__lt=end)
    # A later line of the same status says only that somebody looks at it.
    is_later = PayoutStep.objects.filter(payout=OuterRef("payout"), status=OuterRef("status"), id__lt=OuterRef("id"))
    steps = steps.filter(Exists(was_paid), ~Exists(is_later)).select_related("payout__method").order_by("id")
    rows = tuple(_report_row(step) for step in steps)
    totals: Counter[str] = Counter()
    for row in rows:
        totals[row.currency] += row.amount_minor
    return YearlyReport(year=year, rows=rows, totals_minor=totals, total_centi=sum(row.amount_centi for row in rows))


def _report_row(step: PayoutStep) -> ReportRow:
    payout, sign = step.payout, 1 if step.status == Payout.Status.PAID else -1
    return ReportRow(
        at=step.at,
        payout_uid=payout.uid,
        status=step.status,
        method_label=payout.method.label,
        currency=payout.currency,
        amount_minor=sign * payout.amount_minor,
        amount_centi=sign * payout.amount_centi,
    )


def is_reference_used(*, provider_payout_id: str) -> bool:
    """Whether a payout has this id at its provider, or its bank."""
    return Payout.objects.filter(provider_payout_id=provider_payout_id).exists()


# -- jobs
def list_to_send(*, at: datetime) -> list[uuid.UUID]:
    """Payouts to be sent, and those whose sending ended without an answer; who waited longest first. Our balance is not
    looked at each minute."""
    approved = Q(status=Payout.Status.APPROVED)
    unanswered = Q(status=Payout.Status.PROCESSING, provider_payout_id__isnull=True)
    rows = Payout.objects.filter(approved | unanswered).exclude(method__kind=PayoutMethod.Kind.MANUAL)
    rows = rows.exclude(status=Payout.Status.APPROVED, reason=BALANCE_LOW, checked_at__gt=at - BALANCE_RETRY)
    return _longest_unasked(rows.filter(Q(checked_at__isnull=True) | Q(checked_at__lt=at - SEND_LEASE)))


def list_to_check(*, at: datetime) -> list[uuid.UUID]:
    """Payouts on their way, to be asked about."""
    rows = Payout.objects.filter(status=Payout.Status.PROCESSING, provider_payout_id__isnull=False)
    rows = rows.exclude(method__kind=PayoutMethod.Kind.MANUAL)
    return _longest_unasked(rows.filter(Q(checked_at__isnull=True) | Q(checked_at__lt=at - CHECK_PAYOUT_AFTER)))


def list_paid_to_check(*, at: datetime) -> list[uuid.UUID]:
    """Paid ones whose money may still come back, or that no bank took, each once a day."""
    rows = _watched(at=at)
    rows = rows.exclude(method__kind=PayoutMethod.Kind.MANUAL)
    return _longest_unasked(rows.filter(Q(checked_at__isnull=True) | Q(checked_at__lt=at - PAID_CHECK_AFTER)))


def _watched(*, at: datetime) -> QuerySet[Payout]:
    is_recent = Q(completed_at__gt=at - RETURN_WATCH)
    return Payout.objects.filter(is_recent | Q(reason__startswith=BANK_FAILED), status=Payout.Status.PAID)


def list_paid_to_account(*, kind: str, account_id: str, at: datetime) -> list[tuple[uuid.UUID, str, datetime]]:
    """Paid ones that left for an account at the provider and may not have reached the bank: public id, the provider's
    id, and when they left."""
    rows = _watched(at=at).filter(method__kind=kind, method__provider_account_id=account_id)
    rows = rows.filter(provider_payout_id__isnull=False, sent_at__isnull=False)
    return [
        (uid, named or "", sent)
        for uid, named, sent in rows.values_list("uid", "provider_payout_id", "sent_at")
        if sent
    ]


def list_accounts_of(*, uids: list[uuid.UUID]) -> list[tuple[str, str]]:
    """Kinds and accounts at the provider that these payouts went to, each once."""
    rows = Payout.objects.filter(uid__in=uids).exclude(method__provider_account_id="")
    return sorted(set(rows.values_list("method__kind", "method__provider_account_id")))


def _longest_unasked(rows: QuerySet[Payout]) -> list[uuid.UUID]:
    ordered = rows.order_by(F("checked_at").asc(nulls_first=True), "id")
    return list(ordered.values_list("uid", flat=True)[:BATCH])


def find_payout_of_notice(*, kind: str, provider_payout_id: str, reference: str) -> uuid.UUID | None:
    """The payout that a provider's notice is about: by its id, or by the reference that we gave."""
    rows = Payout.objects.filter(method__kind=kind)
    found = rows.filter(provider_payout_id=provider_payout_id).first() if provider_payout_id else None
    if found is None and reference:
        try:
            found = rows.filter(uid=uuid.UUID(reference)).first()
        except ValueError:
            return None
    return found.uid if found else None


def op_id(*, payout_uid: uuid.UUID, step: str) -> uuid.UUID:
    """The ledger operation's id of a step of a payout: "requested", or a step of `credits.services.payouts`."""
    return uuid.uuid5(OP_NAMESPACE, f"payout:{payout_uid}:{step}")


def step_name(*, step: str, n_unsent: int) -> str:
    """The name of a sending, or of what undid it, after so many that were undone: "sent", "sent:1" and so on."""
    return f"{step}:{n_unsent}" if n_unsent else step


def timeline_end(*, at: datetime, span: timedelta) -> datetime:
    """The latest moment of a next step, at the full minute, as it is shown."""
    return (at + span).replace(second=0, microsecond=0)
