"""The pages of discovery and of the searches that people keep: one call each."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from pairly.common.problems import Problem
from users.requests import find_user_of, user_of

from . import discovery, selectors
from .constants import SEARCH_NAME_MAX, SEARCHES_MAX
from .discovery_forms import DiscoverForm, SaveSearchForm, SearchNameForm
from .models import SavedSearch
from .services import searches

_ADDRESSES = {SavedSearch.Page.DISCOVER: "/discover/", SavedSearch.Page.NEARBY: "/nearby/"}


@require_safe
def discover(request: HttpRequest) -> HttpResponse:
    """Creators to write to; the filter lives in the URL."""
    form = DiscoverForm(request.GET)
    form.is_valid()
    wanted, chips, after = form.get_wanted(), form.list_chips(), request.GET.get("after", "")
    page = discovery.get_creator_page(user=find_user_of(request), wanted=wanted, sort=form.get_sort(), after=after)
    context = {
        "form": form,
        "creators": page.rows,
        "chips": chips,
        "query": form.get_query(),
        "topic": wanted.topic,
        # A page about a topic says so in its heading; what else is set is shown where it is changed.
        "is_open": form.has_unreadable or any(not chip.text for chip in chips),
        "following": urlencode([*form.list_pairs(), ("after", page.after)]) if page.after else "",
        "is_further": bool(after),
        "name_max": SEARCH_NAME_MAX,
    }
    return render(request, "profiles/discover.html", context)


@method_decorator([login_required, never_cache], name="dispatch")
class SearchesPage(View):
    """The searches that somebody keeps; posting a name and a query keeps one more."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest) -> HttpResponse:
        return _searches(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = SaveSearchForm(request.POST)
        if not form.is_valid():
            return _searches(request, form=form, status=422)
        data = form.cleaned_data
        try:
            search = searches.save_search(
                user=user_of(request), name=data["name"], query=data["query"], page=data["page"] or "discover"
            )
        except Problem as problem:
            form.add_problem(problem)
            return _searches(request, form=form, status=problem.status)
        messages.success(request, _("“%(name)s” is saved.") % {"name": search.name})
        return redirect("profiles:searches")


@require_POST
@login_required
def rename_search(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Another name for a search; 404 for anyone else's."""
    selectors.get_search(user=user_of(request), uid=search_id)
    form = SearchNameForm(request.POST, auto_id=_ids_of(search_id))
    if not form.is_valid():
        return _searches(request, renaming=(search_id, form), status=422)
    try:
        searches.rename_search(user=user_of(request), uid=search_id, name=form.cleaned_data["name"])
    except Problem as problem:
        form.add_problem(problem)
        return _searches(request, renaming=(search_id, form), status=problem.status)
    messages.success(request, _("The search has its new name."))
    return redirect("profiles:searches")


@require_POST
@login_required
def delete_search(request: HttpRequest, search_id: uuid.UUID) -> HttpResponse:
    """Forget a search; 404 for anyone else's."""
    searches.delete_search(user=user_of(request), uid=search_id)
    messages.success(request, _("The search is deleted."))
    return redirect("profiles:searches")


def _searches(
    request: HttpRequest,
    *,
    form: SaveSearchForm | None = None,
    renaming: tuple[uuid.UUID, SearchNameForm] | None = None,
    status: int = 200,
) -> HttpResponse:
    """The list; with a refused name, the form that was refused in its place."""
    refused = dict([renaming] if renaming else [])
    rows = [_row(search, refused.get(search.pk)) for search in selectors.list_searches(user=user_of(request))]
    context = {"rows": rows, "form": form, "most": SEARCHES_MAX}
    return render(request, "profiles/searches.html", context, status=status)


def _row(search: SavedSearch, refused: SearchNameForm | None) -> dict[str, Any]:
    filters = DiscoverForm(QueryDict(search.query))
    filters.is_valid()
    return {
        "search": search,
        "address": f"{_ADDRESSES[SavedSearch.Page(search.page)]}?{search.query}",
        "words": filters.cleaned_data.get("q", ""),
        "chips": filters.list_chips(),
        "form": refused or SearchNameForm(initial={"name": search.name}, auto_id=_ids_of(search.pk)),
    }


def _ids_of(search_id: uuid.UUID) -> str:
    """The form of each search has ids of its own on the page."""
    return f"id_{search_id}_%s"
