"""Payouts in India by RazorpayX, through Razorpay's official client: contacts, fund accounts, payouts.

The client has no resource for contacts and payouts, and they are asked for by path (razorpay.com/docs/api/x: contacts,
fund-accounts, payouts). Contacts and fund accounts of the same details are one at RazorpayX, so repeating makes no
second. A payout carries our id twice: as `X-Payout-Idempotency` and as `reference_id`, by which it is found again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import razorpay

from ..constants import BALANCE_LOW
from .base import ProviderRefused
from .payouts import AccountRequest, Arrival, PayoutOrder, PayoutState, ProviderAccount, ProviderPayout
from .razorpay import RazorpaySession, translated_errors
from .razorpay_reading import text_of

IMPS_MAX_MINOR = 500_000_00  # above that the bank takes NEFT
_STATES = {
    "processed": PayoutState.PAID,
    "reversed": PayoutState.RETURNED,
    "failed": PayoutState.RETURNED,
    "rejected": PayoutState.RETURNED,
    "cancelled": PayoutState.RETURNED,
}
# Razorpay's reasons (docs: payouts, error reasons) in ours; any other is that it came back.
_REASONS = {
    "beneficiary_bank_account_closed": "account_closed",
    "bank_account_closed": "account_closed",
    "beneficiary_account_does_not_exist": "account_unknown",
    "bank_account_invalid": "account_unknown",
    "invalid_ifsc_code": "account_unknown",
    "beneficiary_vpa_invalid": "account_unknown",
    "beneficiary_bank_rejected": "refused_by_bank",
    "beneficiary_bank_failure": "refused_by_bank",
}


class RazorpayXGateway:
    """`PayoutGateway` for RazorpayX. `account_number` is ours there, from which it pays; `api_base` "" is Razorpay
    itself, otherwise the sandbox."""

    def __init__(self, *, key_id: str, key_secret: str, account_number: str, api_base: str = "") -> None:
        self._account_number = account_number
        options = {"base_url": api_base} if api_base else {}
        self._client = razorpay.Client(session=RazorpaySession(), auth=(key_id, key_secret), **options)

    def open_account(self, *, request: AccountRequest) -> ProviderAccount:
        """A contact and its fund account: a bank account, or a UPI address."""
        details = request.details
        with translated_errors():
            contact = self._client.post(
                "/v1/contacts",
                {"name": request.name, "type": "vendor", "reference_id": str(request.payee_id)},
            )
            made = self._client.fund_account.create({"contact_id": contact["id"], **_destination(details)})
            return ProviderAccount(
                id=text_of(made["id"]), is_ready=made["active"] is True, label=_label(details), identity=_name(details)
            )

    def account_link(self, *, account_id: str, return_url: str, refresh_url: str) -> str:
        raise ProviderRefused("no_hosted_page")

    def fetch_account(self, *, account_id: str) -> ProviderAccount:
        """Whether it is active still; its details came from us and do not change."""
        with translated_errors():
            found = self._client.get(f"/v1/fund_accounts/{account_id}", {})
            return ProviderAccount(id=text_of(found["id"]), is_ready=found["active"] is True, label="", identity="")

    def available_minor(self, *, currency: str) -> int | None:
        """A payout waits there until our balance is enough (`queued`)."""
        return None

    def create_payout(self, *, order: PayoutOrder) -> ProviderPayout:
        """A payout, by UPI or IMPS as the destination is. Where our balance is low it waits there, and is not lost."""
        reference = str(order.payout_id)
        with translated_errors():
            account = self._client.get(f"/v1/fund_accounts/{order.account_id}", {})
            is_upi, is_active = account["account_type"] == "vpa", account["active"] is True
        if not is_active:
            raise ProviderRefused("account_inactive")
        fields = {
            "account_number": self._account_number,
            "fund_account_id": order.account_id,
            "amount": order.amount_minor,
            "currency": order.currency,
            "mode": "UPI" if is_upi else "NEFT" if order.amount_minor > IMPS_MAX_MINOR else "IMPS",
            "purpose": "payout",
            "queue_if_low_balance": True,
            "reference_id": reference,
            "narration": "Pairly payout",
        }
        with translated_errors():
            made = self._client.post("/v1/payouts", fields, headers={"X-Payout-Idempotency": reference})
            return _payout(made)

    def fetch_arrivals(self, *, account_id: str, since: datetime) -> Mapping[str, Arrival]:
        return {}

    def fetch_payout(self, *, payout_id: uuid.UUID, provider_payout_id: str) -> ProviderPayout | None:
        """The payout by its id, or by our reference."""
        with translated_errors():
            if not provider_payout_id:
                query = {"account_number": self._account_number, "reference_id": str(payout_id), "count": 10}
                rows = self._client.get("/v1/payouts", query)["items"]
                mine = [row for row in rows if row.get("reference_id") == str(payout_id)]
                return _payout(mine[0]) if mine else None
            try:
                with translated_errors():
                    return _payout(self._client.get(f"/v1/payouts/{provider_payout_id}", {}))
            except ProviderRefused as error:
                if error.code == "resource_missing":
                    return None
                raise


def _destination(details: Mapping[str, str]) -> dict[str, Any]:
    if "vpa" in details:
        return {"account_type": "vpa", "vpa": {"address": details["vpa"]}}
    bank = {"name": details["account_holder"], "ifsc": details["ifsc"], "account_number": details["account_number"]}
    return {"account_type": "bank_account", "bank_account": bank}


def _label(details: Mapping[str, str]) -> str:
    if "vpa" in details:
        name, _, bank = details["vpa"].partition("@")
        return f"UPI {name[:2]}••••@{bank}"
    return f"{details['ifsc'][:4]} •••• {details['account_number'][-4:]}"


def _name(details: Mapping[str, str]) -> str:
    return details["vpa"] if "vpa" in details else f"{details['ifsc']}:{details['account_number']}"


def _payout(row: Mapping[str, Any]) -> ProviderPayout:
    state = _STATES.get(text_of(row["status"]), PayoutState.PENDING)
    details = row.get("status_details") or {}
    reason = _REASONS.get(str(details.get("reason")), "came_back") if state is PayoutState.RETURNED else ""
    if row["status"] == "queued":
        reason = BALANCE_LOW
    return ProviderPayout(
        id=text_of(row["id"]),
        reference=text_of(row.get("reference_id") or ""),
        state=state,
        amount_minor=int(row["amount"]),
        currency=text_of(row["currency"]),
        reason=reason,
    )
