"""Our side of a comparison with a provider's list, and what comparisons found. For jobs and finance staff."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias

from django.db.models import Q

from .gateways import list_registry
from .gateways.lists import ProviderMovement
from .models import MoneyBack, Payment, Payout, PayoutMethod, Reconciliation


@dataclass(frozen=True, kw_only=True, slots=True)
class OurRow:
    """A payment, refund, dispute or payout of ours, by the provider's id of it."""

    movement: str
    object_id: str
    amount_minor: int
    currency: str
    payment_id: int | None


Key: TypeAlias = tuple[str, str]
# Which of our payouts a payment provider sends.
_PAYOUT_KINDS = {"stripe": PayoutMethod.Kind.STRIPE, "razorpay": PayoutMethod.Kind.RAZORPAYX}


def find_ours(*, provider: str, movements: Sequence[ProviderMovement]) -> dict[Key, OurRow]:
    """Our rows for what a provider lists, by kind and the provider's id: three queries."""
    ids = {movement.object_id for movement in movements}
    found = [
        *_payments(provider, Q(provider_payment_id__in=ids)),
        *_money_back(provider, Q(provider_object_id__in=ids)),
        *_payouts(provider, Q(provider_payout_id__in=ids)),
    ]
    return {(row.movement, row.object_id): row for row in found}


def list_ours(*, provider: str, begin: datetime, end: datetime) -> list[OurRow]:
    """What we dated from `begin` to before `end` and the provider must know: three queries. Refunds that failed and
    disputes that took nothing are no movements."""
    return [
        *_payments(provider, Q(paid_at__gte=begin, paid_at__lt=end, provider_payment_id__isnull=False)),
        *_money_back(
            provider,
            Q(created_at__gte=begin, created_at__lt=end, provider_object_id__isnull=False)
            & (Q(kind="refund", state="succeeded") | Q(kind="dispute", state__in=["open", "won", "lost"])),
        ),
        *_payouts(provider, Q(sent_at__gte=begin, sent_at__lt=end, provider_payout_id__isnull=False)),
    ]


def _payments(provider: str, which: Q) -> Iterable[OurRow]:
    fields = ("provider_payment_id", "amount_minor", "currency", "id")
    for object_id, amount, currency, payment_id in Payment.objects.filter(which, provider=provider).values_list(
        *fields
    ):
        yield _row("payment", object_id, amount, currency, payment_id)


def _money_back(provider: str, which: Q) -> Iterable[OurRow]:
    fields = ("kind", "provider_object_id", "amount_minor", "payment__currency", "payment_id")
    for row in MoneyBack.objects.filter(which, payment__provider=provider).values_list(*fields):
        yield _row(*row)


def _payouts(provider: str, which: Q) -> Iterable[OurRow]:
    fields = ("provider_payout_id", "amount_minor", "currency")
    sent = Payout.objects.filter(which, method__kind=_PAYOUT_KINDS.get(provider, ""))
    for object_id, amount, currency in sent.values_list(*fields):
        yield _row("payout", object_id, amount, currency, None)


def _row(movement: str, object_id: Any, amount_minor: int, currency: str, payment_id: int | None) -> OurRow:
    return OurRow(
        movement=movement,
        object_id=str(object_id),
        amount_minor=amount_minor,
        currency=currency,
        payment_id=payment_id,
    )


def is_compared(*, provider: str, day: date) -> bool:
    """Whether a day was compared after it was over."""
    over_at = datetime.combine(day, time.min, tzinfo=UTC) + timedelta(days=1)
    return Reconciliation.objects.filter(provider=provider, day=day, made_at__gte=over_at).exists()


def list_listed() -> list[str]:
    """The providers whose lists can be compared."""
    return list_registry.list_listed()


def list_latest(*, limit: int) -> list[Reconciliation]:
    """The latest comparisons of all providers with their differences, newest first: two queries."""
    return list(Reconciliation.objects.order_by("-id").prefetch_related("differences")[:limit])
