"""What moved at Razorpay, through its official client: payments, refunds, disputes, settlements, RazorpayX's payouts.

Razorpay has no list of everything that moved: each kind has one of its own, by the time its rows were made, the newest
first (razorpay.com/docs/api/{payments,refunds,disputes,settlements}/fetch-all, /x/payouts/fetch-all). What belongs to
none of them stands in the settlements' own list as adjustments and transfers (/settlements/fetch-recon).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import razorpay

from .base import ProviderUnreachable
from .lists import MovementKind, ProviderMovement
from .razorpay import PAGE_SIZE, RazorpaySession, translated_errors
from .razorpay_reading import disputes_of, payment_of, text_of

RECON_PAGE_SIZE = 1000
# Razorpay settles in rupees and takes its fees, taxes included, in them.
ACCOUNT_CURRENCY = "INR"
# The days of settlements are India's.
_INDIA = timedelta(hours=5, minutes=30)
_RETURNED_PAYOUTS = ("reversed", "failed", "rejected", "cancelled")
# Rows of settlements that have a list of their own.
_LISTED = ("payment", "refund")

Row = Mapping[str, Any]
Ask = Callable[[dict[str, Any]], Any]


class RazorpayList:
    """`MovementList` of Razorpay. `account_number` is ours at RazorpayX ("" where payouts are not set up), `api_base`
    "" is Razorpay itself, otherwise the sandbox."""

    def __init__(self, *, key_id: str, key_secret: str, account_number: str = "", api_base: str = "") -> None:
        self._account_number = account_number
        options = {"base_url": api_base} if api_base else {}
        self._client = razorpay.Client(session=RazorpaySession(), auth=(key_id, key_secret), **options)

    def list_movements(self, *, begin: datetime, end: datetime) -> Iterator[ProviderMovement]:
        """Kind by kind, each the newest first, page by page. `to` of Razorpay's lists is within the time."""
        span = {"from": int(begin.timestamp()), "to": int(end.timestamp()) - 1}
        with translated_errors():
            for payment in _pages(self._client.payment.all, span):
                yield from _payment(payment)
            for refund in _pages(self._client.refund.all, span):
                yield from _refund(refund)
            for dispute in _pages(self._client.dispute.all, span):
                yield from _dispute(dispute)
            for settlement in _pages(self._client.settlement.all, span):
                yield from _settlement(settlement)
            yield from self._list_others(begin, end)
            if self._account_number:
                query = {**span, "account_number": self._account_number}
                for payout in _pages(lambda page: self._client.get("/v1/payouts", page), query):
                    yield from _payout(payout)

    def _list_others(self, begin: datetime, end: datetime) -> Iterator[ProviderMovement]:
        """What was settled and is nothing of the other lists. A day is asked for as a whole."""
        for day in _days((begin + _INDIA).date(), (end - timedelta(seconds=1) + _INDIA).date()):
            query = {"year": day.year, "month": day.month, "day": day.day}
            for row in _pages(self._client.settlement.report, query, size=RECON_PAGE_SIZE, name="entity_id"):
                if row["type"] in _LISTED or row.get("dispute_id"):
                    continue
                movement = _other(row)
                if begin <= movement.at < end:
                    yield movement


def _pages(ask: Ask, query: dict[str, Any], *, size: int = 0, name: str = "id") -> Iterator[Row]:
    """All rows of a collection. A row that is made meanwhile moves the others one place on: what was seen is skipped.
    Raises ProviderUnreachable for a page that is the same as the one before: there would be no end."""
    size = size or PAGE_SIZE
    skip, seen, last = 0, set[str](), list[str]()
    while rows := ask({**query, "count": size, "skip": skip})["items"]:
        ids = [row[name] for row in rows]
        if ids == last:
            raise ProviderUnreachable("page_repeated")
        yield from (row for row in rows if row[name] not in seen)
        if len(rows) < size:
            return
        seen.update(ids)
        skip, last = skip + size, ids


def _days(first: date, last: date) -> Iterable[date]:
    return (date.fromordinal(day) for day in range(first.toordinal(), last.toordinal() + 1))


def _payment(row: Row) -> Iterator[ProviderMovement]:
    """A try moved money once it was captured."""
    if payment_of(row).is_captured:
        yield _movement(row, "payment", fee_minor=int(row.get("fee") or 0))


def _refund(row: Row) -> Iterator[ProviderMovement]:
    yield _movement(row, "refund")
    if row["status"] == "failed":
        yield _movement(row, "refund_back")


def _dispute(row: Row) -> Iterator[ProviderMovement]:
    """An inquiry takes nothing."""
    (dispute,) = disputes_of([row])
    if dispute.state != "warning":
        yield _movement(row, "dispute")
    if dispute.state == "won":
        yield _movement(row, "dispute_back")


def _settlement(row: Row) -> Iterator[ProviderMovement]:
    """What reached our bank; one that failed is tried again under the same id."""
    if row["status"] == "processed":
        yield _movement({"currency": ACCOUNT_CURRENCY, **row}, "to_bank")


def _payout(row: Row) -> Iterator[ProviderMovement]:
    yield _movement(row, "payout")
    if row["status"] in _RETURNED_PAYOUTS:
        yield _movement(row, "payout_back")


def _other(row: Row) -> ProviderMovement:
    named = {**row, "id": row["entity_id"], "entity": row["type"], "created_at": row["settled_at"]}
    return _movement(named, "other")


def _movement(row: Row, kind: MovementKind, *, fee_minor: int = 0) -> ProviderMovement:
    object_id = text_of(row["id"])
    return ProviderMovement(
        id=f"{object_id}:back" if kind.endswith("_back") else object_id,
        kind=kind,
        word=text_of(row["entity"])[:40],
        object_id=object_id,
        amount_minor=abs(int(row["amount"])),
        currency=text_of(row["currency"]).upper(),
        fee_minor=fee_minor,
        fee_currency=ACCOUNT_CURRENCY,
        at=datetime.fromtimestamp(int(row["created_at"]), UTC),
    )
