"""How the platform does: figures that were counted at night. Counts only, so no look at anybody."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.formats import date_format
from django.utils.translation import gettext

from pairly.common.charts import BarChart, Group, Series

from . import figure_selectors
from .constants import ANALYTICS, ANALYTICS_DAYS
from .figure_selectors import Analytics
from .forms import AnalyticsForm
from .staff import StaffPage


class AnalyticsPage(StaffPage):
    """Revenue, active people, conversion, money that went back, response times, and the public numbers."""

    permission = ANALYTICS

    def get(self, request: HttpRequest) -> HttpResponse:
        form = AnalyticsForm(request.GET or None, initial={"days": ANALYTICS_DAYS[1]})
        figures = figure_selectors.get_analytics(n_days=form.get_days())
        charts = [chart for chart in (_joined(figures), _answered(figures), _kept(figures)) if not chart.is_empty]
        context = {"form": form, "figures": figures, "charts": charts, "n_missing": len(figures.missing)}
        return self.show(request, "moderation/analytics.html", context, status=422 if form.errors else 200)


def _joined(figures: Analytics) -> BarChart:
    return BarChart(
        title=gettext("New accounts, by day (UTC)"),
        series=[Series(name=gettext("Joined"), look="a")],
        groups=[Group(label=date_format(row.day, "j M"), values=(row.n_joined,)) for row in figures.days],
    )


def _answered(figures: Analytics) -> BarChart:
    return BarChart(
        title=gettext("Paid messages that were answered, by day (UTC)"),
        series=[Series(name=gettext("Answered"), look="b")],
        groups=[Group(label=date_format(row.day, "j M"), values=(row.n_answers,)) for row in figures.days],
    )


def _kept(figures: Analytics) -> BarChart:
    """In whole credits; a day on which more fees were given back than taken shows none, the table below says it."""
    return BarChart(
        title=gettext("What Pairly kept, in credits, by day (UTC)"),
        series=[Series(name=gettext("Kept"), look="a")],
        groups=[
            Group(label=date_format(row.day, "j M"), values=(max(0, row.kept_centi) // 100,)) for row in figures.days
        ],
    )
