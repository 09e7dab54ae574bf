from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import InvalidInput, Problem


class CaseTaken(Problem):
    """Somebody else works on it."""

    code, status, title = "case_taken", 409, _("Somebody else is working on this case")


class CaseNotHeld(Problem):
    """Only who holds a case decides it, and only once."""

    code, status, title = "case_not_held", 409, _("This case is not yours any more; take it again if it is still open")


class UnknownOutcome(InvalidInput):
    code, title = "unknown_outcome", _("This case cannot be decided like that")


class ReasonMissing(InvalidInput):
    code, title = "reason_missing", _("Write down why")


class FileGone(Problem):
    """The key of a private file was destroyed."""

    code, status, title = "file_gone", 410, _("This file was destroyed")


class NotYourCase(Problem):
    """Private files are for who holds the case, and for nobody else."""

    code, status, title = "not_your_case", 403, _("Only who works on this case may open its files")
