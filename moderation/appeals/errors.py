from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem


class AppealMade(Problem):
    """A decision is appealed once."""

    code, status, title = "appeal_made", 409, _("You have appealed this already")


class CannotAppeal(Problem):
    """Its time is over, it was lifted, or it is no decision that can be appealed."""

    code, status, title = "cannot_appeal", 409, _("This cannot be appealed any more")


class AppealClosed(Problem):
    """It was decided meanwhile."""

    code, status, title = "appeal_closed", 409, _("This appeal is decided already")


class AnotherPerson(Problem):
    """Nobody decides on an appeal against themselves."""

    code, status, title = "another_person", 403, _("You decided first: an appeal is for somebody else")


class WaitForAnswer(Problem):
    """One side has said much without an answer."""

    code, status, title = "wait_for_answer", 429, _("You have said a lot. Wait for an answer")
