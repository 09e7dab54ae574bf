from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem


class AlertResolved(Problem):
    """Somebody said already whether it was fraud."""

    code, status, title = "alert_resolved", 409, _("This alert is resolved")
