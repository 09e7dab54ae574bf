"""The page of kept texts and planned messages. The browser opens and seals them."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_POST, require_safe

from users.requests import user_of

from . import page_texts, plan_selectors
from .models import Plan
from .protocol.base64url import b64u_encode
from .services import plans

AUDIENCES = {
    Plan.Audience.EVERYBODY: _lazy("To everybody who has written to you"),
    Plan.Audience.PAYING: _lazy("To everybody who has paid for a message to you"),
    Plan.Audience.FOLLOWERS: _lazy("To followers whom you write with"),
}


def _shown(plan: Plan) -> Plan:
    """With what the template writes: its text for the browser to open, whom it is for."""
    plan.sealed = b64u_encode(bytes(plan.box))  # type: ignore[attr-defined]
    plan.audience_text = AUDIENCES.get(Plan.Audience(plan.audience), "")  # type: ignore[attr-defined]
    return plan


@require_safe
@login_required
def planned(request: HttpRequest) -> HttpResponse:
    user = user_of(request)
    welcome = plan_selectors.find_welcome(user=user)
    latest = [_shown(plan) for plan in plan_selectors.list_latest(user=user)]
    context = {
        "me": user,
        "welcome": welcome and _shown(welcome),
        "open_plans": [plan for plan in latest if not plan.ended_at],
        "ended_plans": [plan for plan in latest if plan.ended_at],
        "peers": plan_selectors.list_people(user=user),
        "texts": page_texts.planned_texts(),
    }
    response = render(request, "messaging/planned.html", context)
    response["Cache-Control"] = "no-store"
    return response


@require_POST
@login_required
def cancel(request: HttpRequest, plan_id: uuid.UUID) -> HttpResponse:
    plans.cancel_plan(user=user_of(request), uid=plan_id)
    messages.success(request, _("Nothing more of it will be sent."))
    return redirect("messaging:planned")
