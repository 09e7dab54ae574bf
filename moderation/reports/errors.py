from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem


class TooManyReports(Problem):
    """Each report is looked at by a person."""

    code, status, title = "too_many_reports", 429, _("You reported often today. Try again tomorrow")


class ReportClosed(Problem):
    """It was decided meanwhile."""

    code, status, title = "report_closed", 409, _("This was decided already")


class OwnReport(Problem):
    """Nobody decides on what they reported themselves."""

    code, status, title = "own_report", 403, _("You reported this yourself: somebody else decides")


class AttachmentNotVerified(Problem):
    """What is stored, or its key, is not what the sender signed."""

    code, status, title = (
        "attachment_not_verified",
        409,
        _("This file is not the one that was sent, so it is not shown"),
    )
