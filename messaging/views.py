"""The chat's pages. The words inside them never pass through here: the browser opens and seals them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from pairly.common.own_path import own_path
from pairly.common.problems import NotFound, Problem
from profiles import selectors as profiles
from users import block_selectors, browser_sessions
from users.requests import user_of
from users.services import step_up

from . import contact_selectors, page_texts, selectors
from .models import AnswerDispute
from .services import conversations, presence


@require_safe
@login_required
def keys(request: HttpRequest) -> HttpResponse:
    sign_in = browser_sessions.sign_in_of(request=request)
    context = {
        "me": user_of(request),
        "next": own_path(request.GET.get("next")) or "/inbox/",
        "is_fresh": sign_in is not None and step_up.is_fresh(sign_in=sign_in),
        "begin_anew": f"{reverse('users:step-up')}?{urlencode({'next': reverse('messaging:keys') + '?begin-anew=1'})}",
        "texts": page_texts.keys_texts(),
    }
    # Argon2 of a passphrase slot is WebAssembly; only this page opens backups by passphrase.
    return _chat_page(request, "messaging/keys.html", context, **{"script-src": ["'wasm-unsafe-eval'"]})


@require_POST
@login_required
def start(request: HttpRequest) -> HttpResponse:
    try:
        peer_uid = uuid.UUID(request.POST.get("user_id", ""))
    except ValueError as error:
        raise NotFound() from error
    try:
        conversation, _ = conversations.open_conversation(user=user_of(request), peer_uid=peer_uid)
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.title))
        return redirect("messaging:inbox")
    return redirect("messaging:conversation", conversation.uid)


@require_safe
@login_required
def conversation(request: HttpRequest, conversation_id: uuid.UUID) -> HttpResponse:
    found = selectors.get_conversation(user=user_of(request), uid=conversation_id)
    peer = found.high if found.low_id == user_of(request).pk else found.low
    price_centi, window_s = selectors.price_for(user=user_of(request), conversation=found)
    shown = profiles.shown_profile(user=peer)
    presence.find_seen(user=user_of(request), shown=shown, conversation=found)
    context = {
        "conversation": found,
        "peer": shown,
        "me": user_of(request),
        "price_centi": price_centi,
        "reply_window_hours": window_s // 3600,
        "standing": contact_selectors.standing_of(user=user_of(request), conversation=found),
        "balance_centi": selectors.get_balance_centi(user=user_of(request)),
        "has_blocked": block_selectors.find_block(user=user_of(request), uid=peer.uid) is not None,
        "texts": page_texts.chat_texts(peer_name=shown.display_name),
        "dispute_reasons": AnswerDispute.Reason.choices,
        "attachment_max_bytes": settings.ATTACHMENT_MAX_BYTES,
    }
    # Pictures and recordings that the browser has opened; nothing of them has another address.
    opened: dict[str, list[str]] = {"img-src": ["blob:"], "media-src": ["blob:"]}
    return _chat_page(request, "messaging/conversation.html", context, **opened)


def _chat_page(request: HttpRequest, template: str, context: Mapping[str, object], **extra: list[str]) -> HttpResponse:
    """Pages that hold plaintext in the browser: never stored. `extra`: more directives."""
    response = render(request, template, context)
    response._csp_update = extra  # type: ignore[attr-defined]  # django-csp reads this attribute
    response["Cache-Control"] = "no-store"
    return response
