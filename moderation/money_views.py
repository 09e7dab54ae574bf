"""The trial balance for finance staff: parse, read, render."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext

from credits import checks, trial_balance
from payments import reconciliation_selectors
from security.client_ip import client_of

from .constants import COMPARISONS_SHOWN
from .money_forms import CompareForm
from .services import money
from .staff import StaffPage

VIEW = "users.staff_view_payouts"


class MoneyPage(StaffPage):
    """Balances by kind and unit, the invariants, and what waits between us and the providers."""

    permission = VIEW

    def get(self, request: HttpRequest) -> HttpResponse:
        return self._page(request, CompareForm())

    def post(self, request: HttpRequest) -> HttpResponse:
        """Have a day compared."""
        form = CompareForm(request.POST)
        if not form.is_valid():
            return self._page(request, form, status=422)
        money.ask_for_comparison(
            day=form.cleaned_data["day"], staff=self.staff, sign_in=self.sign_in, client=client_of(request=request)
        )
        messages.success(request, gettext("The comparison has begun. Open this page again in a moment."))
        return redirect("moderation:money")

    def _page(self, request: HttpRequest, form: CompareForm, *, status: int = 200) -> HttpResponse:
        texts = kind_texts()
        units = [(unit, [(row, texts.get(row.kind, "")) for row in unit.kinds]) for unit in trial_balance.list_units()]
        context: dict[str, Any] = {
            "units": units,
            "is_balanced": all(unit.total == 0 for unit, _rows in units),
            "clearing": [(row, texts.get(row.kind, "")) for row in trial_balance.list_clearing()],
            "clearing_days": trial_balance.CLEARING_DAYS,
            "checked": checks.find_last(),
            "runs": reconciliation_selectors.list_latest(limit=COMPARISONS_SHOWN),
            "form": form,
        }
        return self.show(request, "moderation/money.html", context, status=status)


class CheckPage(StaffPage):
    """POST only: check the ledger now."""

    permission = VIEW
    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        money.ask_for_check(staff=self.staff, sign_in=self.sign_in, client=client_of(request=request))
        messages.success(request, gettext("The check has begun. Open this page again in a moment."))
        return redirect("moderation:money")


def kind_texts() -> dict[str, str]:
    """What lies on the accounts of each kind."""
    return {
        "fan:paid": gettext("bought, not spent"),
        "fan:promo": gettext("given, not spent"),
        "fan:debt": gettext("owed by people, below zero"),
        "creator:earned": gettext("earned, not paid out"),
        "creator:promo_earned": gettext("earned with given credits"),
        "creator:payout_locked": gettext("set aside for payouts"),
        "escrow": gettext("held until an answer"),
        "fee": gettext("our fees"),
        "reserve": gettext("covers reversed payments"),
        "issuance": gettext("credits ever sold, below zero"),
        "promo_expense": gettext("credits ever given, below zero"),
        "redemption": gettext("paid out"),
        "chargeback_loss": gettext("lost by reversed payments"),
        "psp_clearing": gettext("lies with the provider, below zero"),
        "psp_fee": gettext("kept by providers, below zero"),
        "credits_liability": gettext("taken for credits"),
        "payouts_payable": gettext("payouts that have not left yet"),
        "bank": gettext("our bank, below zero is ours"),
    }
