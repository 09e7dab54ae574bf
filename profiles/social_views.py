"""Whom one knows: the pages under /people/, and the buttons on a person's page."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from pairly.common.own_path import own_path
from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound, Problem
from users.requests import user_of

from . import social_selectors
from .constants import PROFILE_PER_MINUTE
from .models import Connection
from .services import connections, follows, lists
from .social_forms import ListForm, PersonForm

# What a connections page shows: of which state, asked for by whom.
_SHOWN = {"": ("accepted", ""), "asking": ("requested", "in"), "asked": ("requested", "out")}


# -- pages --------------------------------------------------------------------------------------------------
@require_safe
@login_required
@never_cache
def following(request: HttpRequest) -> HttpResponse:
    """The creators whom one follows."""
    page = social_selectors.get_follow_page(user=user_of(request), after=_after(request))
    return _page(request, "following", {"page": page})


@require_safe
@login_required
@never_cache
def connected(request: HttpRequest) -> HttpResponse:
    """Who one is connected with, who asks, or whom one has asked."""
    user, show = user_of(request), request.GET.get("show", "")
    show = show if show in _SHOWN else ""
    state, direction = _SHOWN[show]
    page = social_selectors.get_connection_page(user=user, state=state, direction=direction, after=_after(request))
    rows = [_with_peer(row, user) for row in page.rows]
    return _page(request, "connections", {"page": page, "rows": rows, "show": show})


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def own_lists(request: HttpRequest) -> HttpResponse:
    """One's lists, and a form for another."""
    form = ListForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        name, person = form.cleaned_data["name"], form.cleaned_data["person_id"]
        if made := _try(form, lambda: lists.create_list(user=user_of(request), name=name, with_uid=person)):
            messages.success(request, _("The list is made."))
            return _back(request, reverse("profiles:list", args=[made.pk]))
    context = {"form": form, "lists": social_selectors.list_lists(user=user_of(request))}
    return _page(request, "lists", context, status=_status(form))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def own_list(request: HttpRequest, list_id: uuid.UUID) -> HttpResponse:
    """Who is in a list; a form for another name."""
    user = user_of(request)
    found = social_selectors.get_list(user=user, uid=list_id)
    form = ListForm(request.POST if request.method == "POST" else None, initial={"name": found.name})
    if request.method == "POST" and form.is_valid():
        name = form.cleaned_data["name"]
        if _try(form, lambda: lists.rename_list(user=user, list_uid=list_id, name=name)):
            messages.success(request, _("The list has its new name."))
            return redirect("profiles:list", list_id)
    page = social_selectors.get_entry_page(people_list=found, user=user, after=_after(request))
    return _page(request, "list", {"list": found, "form": form, "page": page}, status=_status(form))


@require_safe
@login_required
@never_cache
def visitors(request: HttpRequest) -> HttpResponse:
    """Who looked at one's page."""
    found = social_selectors.get_visitors(user=user_of(request), after=_after(request))
    return _page(request, "visitors", {"page": found.page, "n_unnamed": found.n_unnamed})


# -- buttons ------------------------------------------------------------------------------------------------
Deed = Callable[[HttpRequest, uuid.UUID], None]


def _button(deed: Deed) -> Callable[[HttpRequest, uuid.UUID], HttpResponse]:
    """The door of a button that is about a person: does it, says so, and leads back to where the button was."""

    @per_minute("profile", PROFILE_PER_MINUTE)
    @require_POST
    @login_required
    def press(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
        try:
            deed(request, user_id)
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.title))
        return _back(request, reverse("profiles:people"))

    press.__doc__ = deed.__doc__
    return press


@_button
def follow(request: HttpRequest, user_id: uuid.UUID) -> None:
    """Follow a creator."""
    follows.follow(user=user_of(request), uid=user_id)
    messages.success(request, _("You follow them now."))


@_button
def unfollow(request: HttpRequest, user_id: uuid.UUID) -> None:
    """Follow somebody no more."""
    follows.unfollow(user=user_of(request), uid=user_id)
    messages.success(request, _("You do not follow them any more."))


@_button
def connect(request: HttpRequest, user_id: uuid.UUID) -> None:
    """Ask somebody to connect."""
    made = connections.ask(user=user_of(request), uid=user_id)
    is_connected = made.state == Connection.State.ACCEPTED
    messages.success(request, _("You are connected.") if is_connected else _("Your request is on its way."))


@_button
def accept(request: HttpRequest, user_id: uuid.UUID) -> None:
    """Accept a request."""
    connections.accept(user=user_of(request), uid=user_id)
    messages.success(request, _("You are connected."))


@_button
def decline(request: HttpRequest, user_id: uuid.UUID) -> None:
    """Decline a request."""
    connections.decline(user=user_of(request), uid=user_id)
    messages.success(request, _("Declined. They are not told."))


@_button
def withdraw(request: HttpRequest, user_id: uuid.UUID) -> None:
    """Take back a request."""
    connections.withdraw(user=user_of(request), uid=user_id)
    messages.success(request, _("Your request is taken back."))


@_button
def disconnect(request: HttpRequest, user_id: uuid.UUID) -> None:
    """End a connection."""
    connections.end(user=user_of(request), uid=user_id)
    messages.success(request, _("You are not connected any more. They are not told."))


@require_POST
@login_required
def list_add(request: HttpRequest, list_id: uuid.UUID) -> HttpResponse:
    """Put somebody into a list."""
    try:
        lists.add(user=user_of(request), list_uid=list_id, uid=_person(request))
        messages.success(request, _("They are in the list. Nobody but you sees it."))
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.title))
    return _back(request, reverse("profiles:list", args=[list_id]))


@require_POST
@login_required
def list_remove(request: HttpRequest, list_id: uuid.UUID) -> HttpResponse:
    """Take somebody out of a list."""
    lists.remove(user=user_of(request), list_uid=list_id, uid=_person(request))
    messages.success(request, _("They are out of the list."))
    return _back(request, reverse("profiles:list", args=[list_id]))


@require_POST
@login_required
def list_delete(request: HttpRequest, list_id: uuid.UUID) -> HttpResponse:
    """Delete a list."""
    lists.delete_list(user=user_of(request), list_uid=list_id)
    messages.success(request, _("The list is deleted."))
    return redirect("profiles:lists")


# -- what they share ----------------------------------------------------------------------------------------
def _page(request: HttpRequest, name: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
    """A page of the hub, with the number that its tabs show."""
    shared = {"tab": name, "n_asking": social_selectors.count_requests(user=user_of(request))}
    return render(request, f"profiles/people/{name}.html", {**shared, **context}, status=status)


def _with_peer(row: Connection, user: Any) -> dict[str, Any]:
    return {"connection": row, "person": social_selectors.peer_of(connection=row, user=user)}


def _after(request: HttpRequest) -> str:
    return request.GET.get("after", "")


def _person(request: HttpRequest) -> uuid.UUID:
    form = PersonForm(request.POST)
    if not form.is_valid():
        raise NotFound()
    found: uuid.UUID = form.cleaned_data["user_id"]
    return found


def _try(form: ListForm, work: Callable[[], Any]) -> Any:
    """What the service gives, or None and its refusal in the form. NotFound goes on."""
    try:
        return work()
    except NotFound:
        raise
    except Problem as problem:
        form.add_problem(problem)
        return None


def _status(form: ListForm) -> int:
    if not form.is_bound or form.is_valid():
        return 200
    return form.problem.status if form.problem else 422


def _back(request: HttpRequest, otherwise: str) -> HttpResponse:
    """To the page that the button stood on, which the form names; never to another site."""
    return redirect(own_path(request.POST.get("next")) or otherwise)
