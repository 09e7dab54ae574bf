from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import InvalidInput, Problem


class CaseTaken(Problem):
    """Somebody else works on it."""

    code, status, title = "case_taken", 409, _("Somebody else is working on this case")


class CaseAssigned(CaseTaken):
    """It is kept for somebody else."""

    title = _("This case is given to somebody else")


class CaseDecided(Problem):
    """There is nothing left to do."""

    code, status, title = "case_decided", 409, _("This case is decided")


class NotAColleague(InvalidInput):
    """They may not work on this queue, have had their say, or have a part in the matter."""

    code, title = "not_a_colleague", _("This person cannot work on the case")


class HasAPart(Problem):
    """Who had their say, or is part of it, does not choose who decides."""

    code, status, title = "has_a_part", 403, _("You have had your say in this case, or have a part in it")


class CaseNotHeld(Problem):
    """Only who holds a case decides it, and only once."""

    code, status, title = "case_not_held", 409, _("This case is not yours any more; take it again if it is still open")


class UnknownOutcome(InvalidInput):
    code, title = "unknown_outcome", _("This case cannot be decided like that")


class NothingChosen(InvalidInput):
    code, title = "nothing_chosen", _("Choose at least one case")


class TooManyCases(InvalidInput):
    code, title = "too_many_cases", _("That is more than may be done at once")


class UnknownPlaceholder(InvalidInput):
    code, title = "unknown_placeholder", _("There is no such placeholder")


class EmptyPlaceholder(InvalidInput):
    code, title = "empty_placeholder", _("A placeholder says nothing in this decision")


class TitleTaken(InvalidInput):
    code, title = "title_taken", _("Another text of this kind and language has this title")


class TextChanged(Problem):
    """Somebody else wrote meanwhile."""

    code, status, title = "text_changed", 409, _("Somebody changed this text meanwhile. Look at it again")


class ReasonMissing(InvalidInput):
    code, title = "reason_missing", _("Write down why")


class FileGone(Problem):
    """The key of a private file was destroyed."""

    code, status, title = "file_gone", 410, _("This file was destroyed")


class NotYourCase(Problem):
    """Private files are for who holds the case, and for nobody else."""

    code, status, title = "not_your_case", 403, _("Only who works on this case may open its files")
