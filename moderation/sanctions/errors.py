from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem


class SanctionOver(Problem):
    """It was lifted already."""

    code, status, title = "sanction_over", 409, _("This was lifted already")


class NotSuspended(Problem):
    """There is nothing to lift."""

    code, status, title = "not_suspended", 409, _("This account is not suspended")
