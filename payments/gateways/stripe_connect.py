"""Payouts by Stripe Connect, through the official client: Accounts v2, their hosted onboarding, transfers.

A creator is a connected account with the recipient configuration alone: no dashboard of ours, no charges, Stripe asks
for what the law asks for on its own page. A payout is one Transfer to that account's balance, from where Stripe pays it
to the bank by itself, so for us the money has left with the transfer; only a reversal brings it back. What a bank does
later is a Payout of the account: one that fails puts the money back into the account's balance and stops further ones
until the bank details are corrected there.

Documents: docs.stripe.com/connect/accounts-v2, /connect/separate-charges-and-transfers, /api/v2/core/accounts,
/api/transfers, /payouts/reconciliation, /connect/payouts-connected-accounts, /webhooks (thin events).
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import stripe
from stripe import params
from stripe.params.v2 import core as core_params

from ..constants import BANK_FAILED
from .base import BadSignature, WebhookEvent
from .payouts import AccountRequest, Arrival, ArrivalState, PayoutOrder, PayoutState, ProviderAccount, ProviderPayout
from .stripe import MAX_RETRIES, SIGNATURE_HEADER, TIMEOUT_S, TOLERANCE_S, translated_errors

THIN = "v2.core.event"
# States of a bank account from which money comes back.
_BROKEN_BANKS = ("errored", "verification_failed")
_ARRIVALS = {"paid": ArrivalState.ARRIVED, "failed": ArrivalState.FAILED}
# docs.stripe.com/payouts: types of payout failures. Any other is that the bank did not take it.
_FAILURES = {
    "account_closed": f"{BANK_FAILED}_closed",
    "no_account": f"{BANK_FAILED}_unknown",
    "invalid_account_number": f"{BANK_FAILED}_unknown",
    "incorrect_account_holder_name": f"{BANK_FAILED}_name",
}
_INCLUDED: list[Any] = ["configuration.recipient", "identity", "requirements"]


class StripeConnectGateway:
    """`PayoutGateway` for Stripe Connect. `api_base` "" is Stripe itself, otherwise the sandbox."""

    def __init__(self, *, api_key: str, api_base: str = "") -> None:
        self._client = stripe.StripeClient(
            api_key,
            base_addresses={"api": api_base} if api_base else {},
            max_network_retries=MAX_RETRIES,
            http_client=stripe.RequestsClient(timeout=TIMEOUT_S),
        )

    def open_account(self, *, request: AccountRequest) -> ProviderAccount:
        """An account with the recipient configuration, which may receive transfers once Stripe knows who it is."""
        fields: core_params.AccountCreateParams = {
            "contact_email": request.email,
            "display_name": request.name,
            "dashboard": "express",
            "identity": {"country": request.country.lower(), "entity_type": "individual"},
            "configuration": {
                "recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}
            },
            "defaults": {
                "currency": request.currency.lower(),
                "responsibilities": {"fees_collector": "application", "losses_collector": "application"},
            },
            "metadata": {"method_id": str(request.method_id), "payee_id": str(request.payee_id)},
            "include": _INCLUDED,
        }
        with translated_errors():
            account = self._client.v2.core.accounts.create(
                params=fields, options={"idempotency_key": str(request.method_id)}
            )
        return ProviderAccount(id=account.id, is_ready=False, label=f"Stripe {request.currency}", identity="")

    def account_link(self, *, account_id: str, return_url: str, refresh_url: str) -> str:
        """An Account Link for onboarding: it works once, so each visit has one of its own."""
        fields: core_params.AccountLinkCreateParams = {
            "account": account_id,
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {"return_url": return_url, "refresh_url": refresh_url},
            },
        }
        with translated_errors():
            return self._client.v2.core.account_links.create(params=fields).url

    def fetch_account(self, *, account_id: str) -> ProviderAccount:
        """Ready while transfers are active and there is a bank account that takes money. The bank account's fingerprint
        is Stripe's own: the same for the same account under any name."""
        with translated_errors():
            account = self._client.v2.core.accounts.retrieve(account_id, params={"include": _INCLUDED})
            listed = self._client.v1.accounts.external_accounts.list(account_id, params={"limit": 10})
        banks = [row for row in listed.data if isinstance(row, stripe.BankAccount)]
        bank = next((row for row in banks if row.default_for_currency), banks[0] if banks else None)
        is_open = not account.closed and _transfer_status(account) == "active"
        return ProviderAccount(
            id=account.id,
            is_ready=is_open and bank is not None and bank.status not in _BROKEN_BANKS,
            label=f"{bank.bank_name or 'Bank'} •••• {bank.last4}" if bank else "",
            identity=(bank.fingerprint or bank.id) if bank else "",
        )

    def available_minor(self, *, currency: str) -> int | None:
        """What of our balance may be transferred now; what is still pending may not."""
        with translated_errors():
            balance = self._client.v1.balance.retrieve()
        return sum(one.amount for one in balance.available if one.currency == currency.lower())

    def create_payout(self, *, order: PayoutOrder) -> ProviderPayout:
        """A Transfer. Our id is the idempotency key, which Stripe keeps a day, and the group, which it keeps. What
        a key was answered stays its answer for the day, also "too little balance": a later try has another."""
        reference = str(order.payout_id)
        fields: params.TransferCreateParams = {
            "amount": order.amount_minor,
            "currency": order.currency.lower(),
            "destination": order.account_id,
            "transfer_group": reference,
            "metadata": {"payout_id": reference},
        }
        with translated_errors():
            made = self._client.v1.transfers.create(params=fields, options={"idempotency_key": order.key})
        return _payout(made)

    def fetch_arrivals(self, *, account_id: str, since: datetime) -> Mapping[str, Arrival]:
        """By the account's own payouts, each with the transactions that it is made of: our transfer arrives in the
        account as a payment, and what a failed payout brought back goes along in a later one. Stripe knows this of
        automatic payouts; of one that the creator made by hand it cannot say what is in it."""
        options: stripe.RequestOptions = {"stripe_account": account_id}
        with translated_errors():
            listed = self._client.v1.payouts.list(
                params={"created": {"gte": int(since.timestamp())}, "limit": 100}, options=options
            )
            found: dict[str, Arrival] = {}
            inside: dict[str, set[str]] = {}
            for payout in reversed(list(listed.auto_paging_iter())):
                if not payout.automatic:
                    continue
                inside[payout.id] = self._transfers_in(payout.id, options, inside)
                if payout.status != "canceled":
                    found |= dict.fromkeys(inside[payout.id], _arrival(payout))
        return found

    def _transfers_in(self, payout_id: str, options: stripe.RequestOptions, earlier: dict[str, set[str]]) -> set[str]:
        rows = self._client.v1.balance_transactions.list(
            params={"payout": payout_id, "limit": 100, "expand": ["data.source"]}, options=options
        )
        found: set[str] = set()
        for row in rows.auto_paging_iter():
            if isinstance(row.source, stripe.Charge) and row.source.source_transfer:
                given = row.source.source_transfer
                found.add(given if isinstance(given, str) else given.id)
            elif isinstance(row.source, stripe.Payout) and row.source.id != payout_id:
                found |= earlier.get(row.source.id, set())
        return found

    def fetch_payout(self, *, payout_id: uuid.UUID, provider_payout_id: str) -> ProviderPayout | None:
        """The Transfer by its id, or by its group."""
        with translated_errors():
            if not provider_payout_id:
                listed = self._client.v1.transfers.list(params={"transfer_group": str(payout_id), "limit": 1})
                return _payout(listed.data[0]) if listed.data else None
            try:
                return _payout(self._client.v1.transfers.retrieve(provider_payout_id))
            except stripe.InvalidRequestError as error:
                if error.code == "resource_missing":
                    return None
                raise


def _transfer_status(account: stripe.v2.core.Account) -> str:
    """Of the capability to receive transfers; "" while it was never asked for."""
    recipient = account.configuration.recipient if account.configuration else None
    balance = recipient.capabilities.stripe_balance if recipient and recipient.capabilities else None
    return balance.stripe_transfers.status if balance and balance.stripe_transfers else ""


def _arrival(payout: stripe.Payout) -> Arrival:
    state = _ARRIVALS.get(payout.status, ArrivalState.UNDER_WAY)
    is_failed = state is ArrivalState.FAILED
    return Arrival(state=state, reason=_FAILURES.get(payout.failure_code or "", BANK_FAILED) if is_failed else "")


def _payout(made: stripe.Transfer) -> ProviderPayout:
    """Where a part was reversed, the amount is no longer what was agreed: nobody follows, and staff is told."""
    is_back = made.reversed or made.amount_reversed >= made.amount
    return ProviderPayout(
        id=made.id,
        reference=made.transfer_group or "",
        state=PayoutState.RETURNED if is_back else PayoutState.PAID,
        amount_minor=made.amount if is_back else made.amount - made.amount_reversed,
        currency=made.currency.upper(),
        reason="came_back" if is_back else "",
    )


def is_thin(*, body: bytes) -> bool:
    """Whether a notice, not verified yet, says that it is a thin event. Anything else is somebody else's to refuse."""
    try:
        event = json.loads(body)
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("object") == THIN


def is_of_account(*, body: bytes) -> bool:
    """Whether a notice, not verified yet, says that it is a snapshot about a connected account."""
    try:
        event = json.loads(body)
    except ValueError:
        return False
    return isinstance(event, dict) and event.get("object") == "event" and isinstance(event.get("account"), str)


def parse_thin(*, headers: Mapping[str, str], body: bytes, secret: str) -> WebhookEvent:
    """Verify a thin event over its raw body. It names its object, and the connected account as its context, and holds
    nothing of it. Raises BadSignature."""
    try:
        stripe.WebhookSignature.verify_header(body, headers.get(SIGNATURE_HEADER), secret, TOLERANCE_S)
        event: dict[str, Any] = json.loads(body)
        related = event.get("related_object") or {}
        texts = [event["id"], event["type"], related.get("id") or "", event.get("context") or ""]
        if any(not isinstance(text, str) or len(text) > 255 or not text.isprintable() for text in texts):
            raise ValueError("not an identifier")
    except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadSignature(type(error).__name__) from error
    return WebhookEvent(
        id=texts[0],
        type=texts[1],
        object_id=texts[2],
        livemode=event.get("livemode") is True,
        session_id="",
        reference="",
        payment_object_id="",
        payload={name: event[name] for name in ("id", "type", "created", "livemode", "context") if name in event},
    )
