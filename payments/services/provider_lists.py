"""Comparing a provider's own list of a day with our rows: payments, refunds, disputes, payouts.

What the provider has must be here, with the same amount, whenever we heard of it. What we dated on that day must be in
the provider's list of the days around it, for a notice may come late. Nothing is put right by itself: differences are
kept for staff and told in the log. What is booked here is what nobody else tells us of: the fees of payments, and money
between the provider and our bank.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

import structlog
from django.db import transaction

from credits.constants import CURRENCIES
from credits.services import provider_money

from .. import reconciliation_selectors as rows
from ..constants import LIST_DAYS_AFTER, LIST_DAYS_BEFORE, OP_NAMESPACE, RECONCILE_DAYS
from ..errors import ProviderUnavailable
from ..gateways.base import GatewayError
from ..gateways.list_registry import get_list, list_listed
from ..gateways.lists import ProviderMovement
from ..models import Difference, Reconciliation
from ..reconciliation_selectors import OurRow

log = structlog.get_logger(__name__)
Kind = Difference.Kind
_BANK: dict[str, Literal["provider_payout", "provider_top_up"]] = {
    "to_bank": "provider_payout",
    "from_bank": "provider_top_up",
}


def compare_day(*, provider: str, day: date) -> Reconciliation:
    """Compare one day (UTC) that is over or running, keep and return what was found. Booking is keyed by the provider's
    objects, so a day may be compared any number of times. No transaction is open while the provider is asked. Raises
    ProviderUnavailable."""
    begin = datetime.combine(day, time.min, tzinfo=UTC)
    end = begin + timedelta(days=1)
    around = _fetch(provider, begin - timedelta(days=LIST_DAYS_BEFORE), end + timedelta(days=LIST_DAYS_AFTER))
    listed = [movement for movement in around if begin <= movement.at < end]
    with transaction.atomic():
        differences = [*_look_up(provider, listed), *_look_back(provider, begin, end, around)]
        n_here = sum(one.kind != Kind.MISSING_THERE for one in differences)
        run = Reconciliation.objects.create(
            provider=provider,
            day=day,
            n_listed=len(listed),
            n_matched=len(listed) - n_here,
            n_differences=len(differences),
            n_booked=sum(_book(provider, movement) for movement in listed),
        )
        for one in differences:
            one.reconciliation = run
        Difference.objects.bulk_create(differences)
    for one in differences:
        log.error(
            "reconciliation_difference", provider=provider, day=str(day), kind=one.kind, movement=one.movement,
            object=one.provider_object_id, our_minor=one.our_minor, their_minor=one.their_minor,
        )  # fmt: skip
    log.info("reconciled", provider=provider, day=str(day), listed=run.n_listed, differences=run.n_differences)
    return run


def compare_missing_days(*, today: date) -> int:
    """Compare the last RECONCILE_DAYS days that were not compared after they were over; returns how many were. For the
    nightly job: a provider that is away is asked again the next night."""
    n_done = 0
    for provider in list_listed():
        for back in range(RECONCILE_DAYS, 0, -1):
            day = today - timedelta(days=back)
            if rows.is_compared(provider=provider, day=day):
                continue
            try:
                compare_day(provider=provider, day=day)
            except ProviderUnavailable:
                log.error("not_reconciled", provider=provider, day=str(day))
                break
            n_done += 1
    return n_done


def _fetch(provider: str, begin: datetime, end: datetime) -> list[ProviderMovement]:
    try:
        return list(get_list(provider=provider).list_movements(begin=begin, end=end))
    except GatewayError as error:
        raise ProviderUnavailable(retry_after_s=60) from error


def _look_up(provider: str, listed: Sequence[ProviderMovement]) -> Iterable[Difference]:
    """What the provider lists and we do not have, or have otherwise."""
    ours = rows.find_ours(provider=provider, movements=listed)
    for movement in listed:
        if movement.kind in _BANK:
            continue
        found = ours.get((movement.kind.removesuffix("_back"), movement.object_id))
        if found is None:
            yield _difference(Kind.MISSING_HERE, movement, None)
        elif found.currency != movement.currency:
            yield _difference(Kind.OTHER_CURRENCY, movement, found)
        elif found.amount_minor != movement.amount_minor:
            yield _difference(Kind.OTHER_AMOUNT, movement, found)


def _difference(kind: str, movement: ProviderMovement, found: OurRow | None) -> Difference:
    return Difference(
        kind=kind,
        movement=movement.word if movement.kind == "other" else movement.kind,
        provider_object_id=movement.object_id,
        payment_id=found.payment_id if found else None,
        our_minor=found.amount_minor if found else None,
        our_currency=found.currency if found else "",
        their_minor=movement.amount_minor,
        their_currency=movement.currency,
    )


def _look_back(
    provider: str, begin: datetime, end: datetime, around: Sequence[ProviderMovement]
) -> Iterable[Difference]:
    """What we have of the day and the provider lists on no day around it."""
    known = {(movement.kind, movement.object_id) for movement in around}
    for ours in rows.list_ours(provider=provider, begin=begin, end=end):
        if (ours.movement, ours.object_id) not in known:
            yield Difference(
                kind=Kind.MISSING_THERE,
                movement=ours.movement,
                provider_object_id=ours.object_id,
                payment_id=ours.payment_id,
                our_minor=ours.amount_minor,
                our_currency=ours.currency,
            )


def _book(provider: str, movement: ProviderMovement) -> int:
    """Write a payment's fee, or money between provider and bank, to the ledger; how many movements were new. The fees
    of disputes are booked with the disputes."""
    if movement.kind == "payment" and movement.fee_minor > 0 and movement.fee_currency in CURRENCIES:
        return _record(provider, movement, "provider_fee", movement.fee_currency, movement.fee_minor)
    bank = _BANK.get(movement.kind)
    if bank and movement.amount_minor > 0 and movement.currency in CURRENCIES:
        return _record(provider, movement, bank, movement.currency, movement.amount_minor)
    return 0


def _record(
    provider: str, movement: ProviderMovement, name: provider_money.Movement, currency: str, amount_minor: int
) -> int:
    return provider_money.record(
        op_id=uuid.uuid5(OP_NAMESPACE, f"{provider}:{name}:{movement.id}"),
        movement=name,
        currency=currency,
        amount_minor=amount_minor,
        at=movement.at,
    )
