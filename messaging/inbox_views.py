"""The inbox's page: parse, one read, render."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from credits import selectors as ledger
from users.models import User
from users.requests import user_of

from . import inbox_selectors

_WORDS_MAX = 80


@require_safe
@login_required
@never_cache
def inbox(request: HttpRequest) -> HttpResponse:
    """Conversations, requests, or declined ones; sorted, filtered, a page at a time, all by links and one form."""
    user = user_of(request)
    chosen = _chosen(request, user)
    page = inbox_selectors.list_inbox(
        user=user,
        box=chosen["box"],
        sort=chosen["sort"],
        only=chosen["only"],
        words=chosen["q"],
        cursor=request.GET.get("cursor", "")[:60],
    )
    n_due, due_centi = ledger.count_due(user_id=user.pk) if user.is_creator else (0, 0)
    context = {
        "page": page,
        "chosen": chosen,
        "next_query": _query(request, cursor=page.cursor) if page.cursor else "",
        "n_requests": inbox_selectors.count_requests(user=user),
        "sorts": [(_query(request, sort=name), text, name == chosen["sort"]) for name, text in _sorts(user)],
        "filters": [(_query(request, only=name), text, name == chosen["only"]) for name, text in _filters(user)],
        "due": {"n": n_due, "centi": due_centi, "is_all": n_due < ledger.DUE_COUNTED},
    }
    return render(request, "messaging/inbox.html", context)


def _chosen(request: HttpRequest, user: User) -> dict[str, Any]:
    """What the address asks for; what it does not know is as if it were not there."""
    box, sort, only = (request.GET.get(name, "") for name in ("box", "sort", "only"))
    sorts = [name for name, _text in _sorts(user)]
    filters = [name for name, _text in _filters(user)]
    return {
        "box": box if box in ("requests", "declined") else "inbox",
        "sort": sort if sort in sorts else sorts[0],
        "only": only if only in filters else "",
        "q": request.GET.get("q", "")[:_WORDS_MAX],
    }


def _sorts(user: User) -> list[tuple[str, str]]:
    """The first is the usual one."""
    recent = ("recent", _("Latest"))
    return [("deadline", _("Deadline")), ("value", _("Value")), recent] if user.is_creator else [recent]


def _filters(user: User) -> list[tuple[str, str]]:
    unread = [("", _("All")), ("unread", _("Unread"))]
    return [*unread, ("due", _("Answer due"))] if user.is_creator else unread


def _query(request: HttpRequest, **changes: str) -> str:
    """The address with these changes, at its first page unless told."""
    query = request.GET.copy()
    for name, value in {"cursor": "", **changes}.items():
        query.pop(name, None)
        if value:
            query[name] = value
    return query.urlencode()
