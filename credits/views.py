from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from users.requests import user_of

from . import selectors

PAGE = 30


@require_GET
@login_required
def wallet(request: HttpRequest) -> HttpResponse:
    """Balance, what is tied up, and every movement."""
    user = user_of(request)
    before = request.GET.get("before", "")
    before_id = int(before[:18]) if before.isascii() and before.isdigit() else None
    rows = selectors.list_transactions(user_id=user.pk, before_id=before_id, limit=PAGE + 1)
    context = {
        "balance": selectors.get_balance(user_id=user.pk),
        "earnings": selectors.get_earnings(user_id=user.pk) if user.is_creator else None,
        "rows": rows[:PAGE],
        "before": rows[PAGE - 1].id if len(rows) > PAGE else None,
    }
    return render(request, "credits/wallet.html", context)
