"""The creator's earnings: parse, read, render."""

from __future__ import annotations

from datetime import date
from math import ceil
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pairly.common.charts import BarChart, Group, Series
from pairly.common.per_minute import per_minute
from users.requests import user_of

from . import earnings_selectors, selectors
from .constants import WALLET_PER_MINUTE
from .earnings_selectors import MaturingDay, WeekOfAnswers
from .views import weeks_chart


@per_minute("wallet", WALLET_PER_MINUTE)
@require_safe
@login_required
@never_cache
def earnings(request: HttpRequest) -> HttpResponse:
    """What is earned, when it can be withdrawn, what became of paid messages and how fast they were answered; 404 for
    who cannot earn."""
    user = user_of(request)
    if not user.is_creator:
        raise Http404
    found = selectors.get_earnings(user_id=user.pk)
    maturing = earnings_selectors.list_maturing(user_id=user.pk)
    weeks = earnings_selectors.list_weeks_of_answers(user_id=user.pk)
    context: dict[str, Any] = {
        "earnings": found,
        "set_aside_centi": earnings_selectors.get_set_aside_centi(user_id=user.pk),
        "maturing_centi": sum(day.amount_centi for day in maturing),
        "maturing": maturing,
        "maturing_chart": _maturing_chart(maturing),
        "holds_chart": weeks_chart(user),
        "answers_chart": _answers_chart(weeks),
        "times": [(week, _shown(week.median_s)) for week in weeks if week.n_answered or week.n_missed],
        "fee_percent": settings.PLATFORM_FEE_BASIS_POINTS / 100,
        "kept_of_100": 100 - settings.PLATFORM_FEE_BASIS_POINTS / 100,
        "mature_days": settings.EARNINGS_MATURE_DAYS,
        "mature_days_new": settings.EARNINGS_MATURE_DAYS_NEW,
        "new_creator_days": settings.NEW_CREATOR_DAYS,
    }
    return render(request, "credits/earnings.html", context)


def _maturing_chart(days: list[MaturingDay]) -> BarChart | None:
    """Every day up to the last one that brings something."""
    if not days:
        return None
    amounts = {day.day: day.amount_centi for day in days}
    first, last = timezone.now().date().toordinal(), days[-1].day.toordinal()
    shown = [date.fromordinal(day) for day in range(min(first, days[0].day.toordinal()), last + 1)]
    return BarChart(
        title=_("Ready to withdraw, by day (UTC)"),
        series=[Series(name=_("Becomes ready"), look="a")],
        groups=[Group(label=date_format(day, "j M"), values=(amounts.get(day, 0),)) for day in shown],
    )


def _answers_chart(weeks: list[WeekOfAnswers]) -> BarChart | None:
    """Hours, begun ones whole: a quick answer shows too."""
    chart = BarChart(
        title=_("Time to your answer, by the week the message came"),
        series=[Series(name=_("Hours within which half of the answers came"), look="a")],
        groups=[
            Group(label=date_format(week.start, "j M"), values=(ceil((week.median_s or 0) / 3600),)) for week in weeks
        ],
    )
    return None if chart.is_empty else chart


def _shown(seconds: int | None) -> str:
    """A time in hours and minutes; nothing for none."""
    if seconds is None:
        return ""
    hours, minutes = divmod(seconds // 60, 60)
    if not hours:
        return _("%(n)s min") % {"n": max(1, minutes)}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": minutes}
