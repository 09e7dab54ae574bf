"""Security analytics for staff: parse, read, render."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from security import alert_selectors, fraud_words

from .constants import ANALYTICS_DAYS
from .forms import AnalyticsForm
from .services import fraud_alerts
from .staff import StaffPage


class SecurityAnalyticsPage(StaffPage):
    """Decisions, alerts and how right each rule was, over the last days; counts only, so no look at anybody."""

    permission = fraud_alerts.PERMISSION

    def get(self, request: HttpRequest) -> HttpResponse:
        form = AnalyticsForm(request.GET or None, initial={"days": ANALYTICS_DAYS[1]})
        figures = alert_selectors.get_figures(n_days=form.get_days())
        patterns = fraud_words.patterns()
        context = {
            "form": form,
            "figures": figures,
            "rules": [(row, patterns.get(row.pattern, "") if row.pattern else "") for row in figures.rules],
        }
        return self.show(request, "moderation/security_analytics.html", context, status=422 if form.errors else 200)
