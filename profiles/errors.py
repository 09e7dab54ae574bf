from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from pairly.common.etags import PreconditionFailed
from pairly.common.problems import Problem, RateLimited


class ProfileExists(Problem):
    code, status, title = "conflict", 409, _("You have a profile already; change it instead")


class ProfileChanged(PreconditionFailed):
    code, title = "version_conflict", _("The profile was changed elsewhere; load it again")


# -- discovery
class SearchNameTaken(Problem):
    code, status, title = "conflict", 409, _("You have a search with this name already; choose another one")


class TooManySearches(Problem):
    code, status, title = "too_many_searches", 409, _("You keep as many searches as you can; delete one first")


# -- nearby and places
class MovedTooOften(Problem):
    """With `possible_at`, when the next move is possible (ISO 8601 UTC)."""

    code, status, title = "moved_too_often", 429, _("You have changed your place too often today")


# -- pictures
class GalleryChanged(Problem):
    code, status, title = "gallery_changed", 409, _("The gallery was changed elsewhere; load it again")


class UploadCancelled(Problem):
    code, status, title = "upload_cancelled", 409, _("This upload was called off; choose the picture again")


class UploadFinished(Problem):
    code, status, title = "upload_finished", 409, _("Too late: your portrait is changed already")


# -- people one knows
class TooManyAsked(RateLimited):
    title = _("You have asked as many people as you can in a day; ask again tomorrow")


class ListExists(Problem):
    code, status, title = "conflict", 409, _("You have a list of this name; choose another")


class TooManyLists(Problem):
    code, status, title = "too_many", 409, _("You have 20 lists; delete one first")


class ListFull(Problem):
    code, status, title = "too_many", 409, _("A list holds 200 people; take somebody out first")


# -- visits and facts
# -- presence and visibility
