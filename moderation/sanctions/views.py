"""What was decided about oneself and why; open to who is suspended."""

from __future__ import annotations

import uuid

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache

from users.requests import user_of
from users.views import SignedInPage

from ..models import Sanction
from . import selectors
from .services import reading


@method_decorator(never_cache, name="dispatch")
class RestrictionsPage(SignedInPage):
    """All decisions about oneself."""

    open_to_limited = True

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = [_shown(row) for row in selectors.list_own(user=user_of(request))[:50]]
        return render(request, "moderation/restrictions/overview.html", {"rows": rows})


@method_decorator(never_cache, name="dispatch")
class RestrictionPage(SignedInPage):
    """The statement of reasons of one, and the way to appeal."""

    open_to_limited = True

    def get(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        user = user_of(request)
        sanction = selectors.get_own(user=user, uid=uid)
        if request.method == "GET":
            reading.note_read(user=user, sanctions=[sanction])
        return render(request, "moderation/restrictions/statement.html", _shown(sanction))


def _shown(sanction: Sanction) -> dict[str, object]:
    now = timezone.now()
    state = selectors.state_of(sanction=sanction, at=now)
    appeal = getattr(sanction, "appeal", None)
    return {
        "sanction": sanction,
        "rule": selectors.rule_of(sanction=sanction),
        "scope": selectors.scope_of(sanction=sanction),
        "state": state,
        "appeal": appeal,
        "can_appeal": appeal is None and state != "lifted" and sanction.appeal_until > now,
    }
