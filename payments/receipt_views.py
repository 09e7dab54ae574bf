"""One's payments, and the receipt of each as a page to print: parse, read, render."""

from __future__ import annotations

import uuid

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.cache import never_cache

from pairly.common.problems import NotFound
from users.requests import user_of

from . import receipt_selectors, selectors
from .constants import PAYMENTS_PAGE
from .money_back_words import money_back_text


@method_decorator(never_cache, name="dispatch")
class PaymentsPage(LoginRequiredMixin, View):
    """What was paid, the newest first, and what went back."""

    def get(self, request: HttpRequest) -> HttpResponse:
        before = request.GET.get("before", "")
        before_id = int(before) if before.isascii() and before.isdigit() and len(before) < 19 else None
        rows = receipt_selectors.list_payments(user=user_of(request), before_id=before_id, limit=PAYMENTS_PAGE + 1)
        shown = rows[:PAYMENTS_PAGE]
        context = {
            "rows": [(row, [(back, money_back_text(back)) for back in row.money_back]) for row in shown],
            "before": shown[-1].payment.pk if len(rows) > PAYMENTS_PAGE else None,
        }
        return render(request, "payments/payments.html", context)


@method_decorator(never_cache, name="dispatch")
class ReceiptPage(LoginRequiredMixin, View):
    """The receipt of a payment; 404 for anyone else's, and for what was not paid."""

    def get(self, request: HttpRequest, payment_id: uuid.UUID) -> HttpResponse:
        try:
            row = receipt_selectors.get_receipt(user=user_of(request), uid=payment_id)
        except NotFound as error:
            raise Http404 from error
        context = {
            "payment": row.payment,
            "offer": selectors.offer_of(payment=row.payment),
            "money_back": [(back, money_back_text(back)) for back in row.money_back],
        }
        return render(request, "payments/receipt.html", context)
