"""Who writes to a creator at which price, and the buttons of requests: parse, one service call, lead back."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from pairly.common.own_path import own_path
from pairly.common.problems import NotFound, Problem
from profiles import selectors as profiles
from users.requests import user_of

from . import contact_selectors
from .services import exceptions, requests


@require_safe
@login_required
@never_cache
def contact(request: HttpRequest) -> HttpResponse:
    """A creator's page: away, the price, and who writes for free."""
    user = user_of(request)
    if not user.is_creator:
        raise NotFound()
    words = request.GET.get("q", "")[:80]
    page = contact_selectors.get_free_writers(user=user, words=words, after=request.GET.get("after", ""))
    context = {"page": page, "words": words, "profile": profiles.find_own_profile(user=user)}
    return render(request, "messaging/contact.html", context)


@require_POST
@login_required
def set_free(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """Let somebody write for free."""
    try:
        exceptions.set_free(user=user_of(request), peer_uid=user_id)
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.title))
    else:
        messages.success(request, _("They write to you for free now."))
    return _back(request, reverse("messaging:contact"))


@require_POST
@login_required
def set_paid(request: HttpRequest, user_id: uuid.UUID) -> HttpResponse:
    """Let somebody pay as everybody does."""
    exceptions.set_paid(user=user_of(request), peer_uid=user_id)
    messages.success(request, _("They pay your price from now on."))
    return _back(request, reverse("messaging:contact"))


@require_POST
@login_required
def accept(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Accept a request."""
    requests.accept(user=user_of(request), conversation_uid=conversation_id)
    return redirect("messaging:conversation", conversation_id)


@require_POST
@login_required
def decline(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    """Decline a request; its writer does not learn of it."""
    requests.decline(user=user_of(request), conversation_uid=conversation_id)
    messages.success(request, _("Declined. They do not learn of it."))
    return redirect(f"{reverse('messaging:inbox')}?box=requests")


def _back(request: HttpRequest, otherwise: str) -> HttpResponse:
    return redirect(own_path(request.POST.get("next")) or otherwise)
