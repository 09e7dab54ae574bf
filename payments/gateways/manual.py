"""Bank transfers that a person of Pairly makes: nobody is called, and what was typed is checked for slips."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime

from .base import ProviderRefused
from .payouts import AccountRequest, Arrival, PayoutOrder, ProviderAccount, ProviderPayout

_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


class ManualGateway:
    """`PayoutGateway` without a provider: `send` leaves such payouts to staff."""

    def open_account(self, *, request: AccountRequest) -> ProviderAccount:
        """Ready at once; the account is known by its number and its bank's code."""
        number = request.details["account_number"]
        bank = request.details.get("bank_name", "") or request.details["bank_code"]
        return ProviderAccount(
            id="", is_ready=True, label=f"{bank[:60]} •••• {number[-4:]}", identity=f"{request.country}:{number}"
        )

    def account_link(self, *, account_id: str, return_url: str, refresh_url: str) -> str:
        raise ProviderRefused("no_hosted_page")

    def fetch_account(self, *, account_id: str) -> ProviderAccount:
        raise ProviderRefused("no_provider")

    def available_minor(self, *, currency: str) -> int | None:
        return None

    def create_payout(self, *, order: PayoutOrder) -> ProviderPayout:
        raise ProviderRefused("made_by_hand")

    def fetch_arrivals(self, *, account_id: str, since: datetime) -> Mapping[str, Arrival]:
        return {}

    def fetch_payout(self, *, payout_id: uuid.UUID, provider_payout_id: str) -> ProviderPayout | None:
        raise ProviderRefused("made_by_hand")


def is_iban(*, number: str) -> bool:
    """Whether the check digits are right (ISO 13616, ISO 7064 mod 97-10)."""
    if not _IBAN.fullmatch(number):
        return False
    turned = number[4:] + number[:4]
    return int("".join(str(int(char, 36)) for char in turned)) % 97 == 1
