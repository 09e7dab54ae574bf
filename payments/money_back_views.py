"""What refunds and disputes touched, for the creator who was paid and for the buyer: parse, read, render."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from credits import selectors as ledger
from users.requests import user_of
from users.views import SignedInPage

from . import touched_selectors
from .constants import TOUCHED_SHOWN


@method_decorator(never_cache, name="dispatch")
class TouchedPage(SignedInPage):
    """The refunds and disputes of payments that went to whoever looks, the newest first."""

    def get(self, request: HttpRequest) -> HttpResponse:
        cases = touched_selectors.list_touched(user=user_of(request), limit=TOUCHED_SHOWN)
        return render(request, "payments/money_back/touched.html", {"cases": cases, "most": TOUCHED_SHOWN})


@method_decorator(never_cache, name="dispatch")
class TouchedCasePage(SignedInPage):
    """One of them: which messages and sales, what went back, and who stands for the rest."""

    def get(self, request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
        case = touched_selectors.get_touched(user=user_of(request), uid=case_id)
        return render(request, "payments/money_back/touched_case.html", {"case": case, "trace": case.trace})


@method_decorator(never_cache, name="dispatch")
class MoneyBackPage(SignedInPage):
    """A refund or dispute of one's own payment: where its credits were, and what is owed."""

    def get(self, request: HttpRequest, case_id: uuid.UUID) -> HttpResponse:
        user = user_of(request)
        case = touched_selectors.get_own(user=user, uid=case_id)
        context = {"case": case, "trace": case.trace, "balance": ledger.get_balance(user_id=user.pk)}
        return render(request, "payments/money_back/own.html", context)
