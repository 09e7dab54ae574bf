from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.problems import Problem


class VerificationOpen(Problem):
    """There is a request under way already."""

    code, status, title = "verification_open", 409, _("You have a request under way. Wait for it, or withdraw it")


class VerificationNotOpen(Problem):
    """It was decided or withdrawn meanwhile."""

    code, status, title = "verification_not_open", 409, _("This request is decided or withdrawn already")


class TooManyRequests(Problem):
    """Each request is looked at by a person."""

    code, status, title = "too_many_verifications", 429, _("You asked often today. Try again tomorrow")
