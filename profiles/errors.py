from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.etags import PreconditionFailed
from pairly.common.problems import Problem


class ProfileExists(Problem):
    code, status, title = "conflict", 409, _("You have a profile already; change it instead")


class ProfileChanged(PreconditionFailed):
    code, title = "version_conflict", _("The profile was changed elsewhere; load it again")
