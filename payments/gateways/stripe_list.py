"""Stripe's balance transactions: everything that moved in our account with them, through the official client.

docs.stripe.com/api/balance_transactions, and docs.stripe.com/reports/reporting-categories for the words.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import stripe

from .lists import MovementKind, ProviderMovement
from .stripe import MAX_RETRIES, TIMEOUT_S, translated_errors

PAGE_SIZE = 100
_KINDS: dict[str, MovementKind] = {
    "charge": "payment",
    "refund": "refund",
    "refund_failure": "refund_back",
    "dispute": "dispute",
    "dispute_reversal": "dispute_back",
    "transfer": "payout",
    "transfer_reversal": "payout_back",
    "payout": "to_bank",
    "payout_reversal": "from_bank",
    "topup": "from_bank",
    "topup_reversal": "to_bank",
}


class StripeList:
    """`MovementList` of Stripe. `api_base` "" is Stripe itself, otherwise the sandbox."""

    def __init__(self, *, api_key: str, api_base: str = "") -> None:
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base} if api_base else {},
            max_network_retries=MAX_RETRIES,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
        )

    def list_movements(self, *, begin: datetime, end: datetime) -> Iterator[ProviderMovement]:
        """The newest first, page by page, each with the object that it is about."""
        with translated_errors():
            listed = self._client.v1.balance_transactions.list(
                params={
                    "created": {"gte": int(begin.timestamp()), "lt": int(end.timestamp())},
                    "limit": PAGE_SIZE,
                    "expand": ["data.source"],
                }
            )
            for row in listed.auto_paging_iter():
                yield _movement(row)


def _movement(row: stripe.BalanceTransaction) -> ProviderMovement:
    source: Any = row.source
    is_object = isinstance(source, stripe.StripeObject)
    # A charge is known by its PaymentIntent. What was agreed is in the object's currency, fees in the account's.
    known_by = getattr(source, "payment_intent", None) if isinstance(source, stripe.Charge) else None
    named = known_by or (source.id if is_object else source) or row.id
    is_converted = is_object and getattr(source, "currency", None) not in (None, row.currency)
    return ProviderMovement(
        id=row.id,
        kind=_KINDS.get(row.reporting_category, "other"),
        word=row.reporting_category[:40],
        object_id=str(named),
        amount_minor=abs(source.amount if is_converted else row.amount),
        currency=str(source.currency if is_converted else row.currency).upper(),
        fee_minor=row.fee,
        fee_currency=row.currency.upper(),
        at=datetime.fromtimestamp(row.created, UTC),
    )
