"""The safety number of two people. Its page gets no key and no digit from here: the browser works them out itself."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from profiles import selectors as profiles
from users.requests import user_of

from . import page_texts, selectors


@require_safe
@login_required
def safety(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_conversation(user=user_of(request), uid=conversation_id)
    peer = found.high if found.low_id == user_of(request).pk else found.low
    shown = profiles.shown_profile(user=peer)
    context = {
        "conversation": found,
        "peer": shown,
        "me": user_of(request),
        "texts": page_texts.safety_texts(peer_name=shown.display_name),
    }
    response = render(request, "messaging/safety.html", context)
    response["Cache-Control"] = "no-store"
    return response
