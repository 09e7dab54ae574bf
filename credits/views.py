from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from pairly.common.charts import BarChart, Group, Series
from pairly.common.per_minute import per_minute
from users.models import User
from users.requests import user_of

from . import selectors, statement_selectors
from .constants import WALLET_PAGE, WALLET_PER_MINUTE
from .statement_forms import find_number


@per_minute("wallet", WALLET_PER_MINUTE)
@require_safe
@login_required
def wallet(request: HttpRequest) -> HttpResponse:
    """Balance, what is tied up, what is owed, the latest movements, and the ways to everything else about money."""
    user = user_of(request)
    before_id = find_number(request.GET.get("before"))
    rows = statement_selectors.list_transactions(user_id=user.pk, before_id=before_id, limit=WALLET_PAGE + 1)
    context = {
        "balance": selectors.get_balance(user_id=user.pk),
        "chart": weeks_chart(user) if before_id is None else None,
        "earnings": selectors.get_earnings(user_id=user.pk) if user.is_creator else None,
        "rows": rows[:WALLET_PAGE],
        "before": rows[WALLET_PAGE - 1].id if len(rows) > WALLET_PAGE else None,
    }
    return render(request, "credits/wallet.html", context)


def weeks_chart(user: User) -> BarChart | None:
    """What became of held credits week by week; None before the first paid message."""
    weeks = selectors.list_weeks_of_holds(user_id=user.pk, is_payee=user.is_creator)
    chart = BarChart(
        title=_("Paid messages, by the week they were sent"),
        series=[
            Series(name=_("Answered"), look="a"),
            Series(name=_("Waiting"), look="b"),
            Series(name=_("Returned"), look="c"),
        ],
        groups=[
            Group(
                label=date_format(week.start, "j M"),
                values=(week.answered_centi, week.open_centi, week.returned_centi),
            )
            for week in weeks
        ],
    )
    return None if chart.is_empty else chart
