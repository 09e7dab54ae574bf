"""What somebody bought, and the pictures themselves."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from pairly.common.problems import NotFound
from users import selectors as users
from users.models import User
from users.requests import user_of

from . import links, selectors
from .answers import picture_response
from .constants import PAGE
from .services import renderings


@require_safe
@login_required
@never_cache
def library(request: HttpRequest) -> HttpResponse:
    """All that one bought, newest first."""
    rows = selectors.list_library(user=user_of(request))
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit():
        rows = rows.filter(pk__lt=int(before[:18]))
    found = list(rows[: PAGE + 1])
    context = {"unlocks": found[:PAGE], "before": found[PAGE - 1].pk if len(found) > PAGE else None}
    return render(request, "payments/shop/library.html", context)


@require_safe
@login_required
@never_cache
def bought(request: HttpRequest, unlock_id: uuid.UUID) -> HttpResponse:
    """One purchase with all its pictures."""
    return render(
        request,
        "payments/shop/bought.html",
        {"unlock": selectors.get_bought(user=user_of(request), uid=unlock_id)},
    )


@require_safe
@never_cache
def bought_file(request: HttpRequest, unlock_id: uuid.UUID, file_id: uuid.UUID, width: int) -> HttpResponse:
    """A bought picture, rendered for who bought it: by the session, or by a signed address."""
    viewer = _viewer(request, unlock_id, file_id, width)
    unlock, file = selectors.get_bought_file(user=viewer, unlock_uid=unlock_id, uid=file_id)
    return picture_response(renderings.read_bought(unlock=unlock, file=file, width=width))


def _viewer(request: HttpRequest, unlock_id: uuid.UUID, file_id: uuid.UUID, width: int) -> User:
    if "signature" not in request.GET:
        if not isinstance(request.user, User):
            raise NotFound()  # an address of a picture leads nobody to a form
        return request.user
    values = request.GET.dict()
    viewer = links.find_viewer(unlock_uid=unlock_id, file_uid=file_id, width=width, values=values)
    found = users.find_user_who_can_come_in(uid=viewer) if viewer else None
    if found is None:
        raise NotFound()
    return found
