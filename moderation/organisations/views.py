"""Pages of organisations: one's own, one of them, and a webhook; for staff what could not be delivered."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from pairly.common.per_minute import per_minute
from pairly.common.problems import NotFound, Problem
from security.client_ip import client_of
from users.forms import ProblemForm
from users.models import User
from users.requests import user_of

from ..models import Delivery, Membership, Webhook
from ..staff import StaffPage
from . import selectors
from .constants import CHANGES_PER_MINUTE, DELIVERIES_SHOWN, PEOPLE_SHOWN, RESEND_PERMISSION, STAFF_PERMISSION
from .forms import AddressForm, CreatorForm, EventsForm, InviteForm, NameForm, RoleForm, WebhookForm
from .services import deliveries, founding, members, representing, webhooks

Role = Membership.Role
# What a deed does with the cleaned values of its form; it gives the words to show.
Deed = Callable[[User, uuid.UUID, dict[str, Any]], str]


@per_minute("organisations", CHANGES_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def overview(request: HttpRequest) -> HttpResponse:
    """One's organisations, who invites one, and, for creators, who represents them. POST founds one or answers."""
    user, form = user_of(request), NameForm(request.POST if "found" in request.POST else None)
    status = 200
    if request.method == "POST" and "found" not in request.POST:
        return _answer(request, user)
    if form.is_bound:
        try:
            if form.is_valid():
                made = founding.create(user=user, **form.cleaned_data)
                return redirect("trust:organisation", made.organisation.uid)
        except Problem as problem:
            form.add_problem(problem)
        status = form.problem.status if form.problem else 422
    rows = list(selectors.list_own(user=user))
    context = {
        "form": form,
        "own": [row for row in rows if row.accepted_at],
        "invitations": [row for row in rows if not row.accepted_at],
        "representations": list(selectors.list_representations(user=user)[:PEOPLE_SHOWN]),
    }
    return render(request, "moderation/organisations/overview.html", context, status=status)


def _answer(request: HttpRequest, user: User) -> HttpResponse:
    """Yes or no to an invitation or a representation."""
    answers: dict[str, tuple[Callable[[uuid.UUID], object], str]] = {
        "join": (lambda uid: members.accept(user=user, uid=uid), _("Welcome.")),
        "decline": (lambda uid: members.remove(user=user, uid=uid, who=user.uid), _("Declined.")),
        "accept": (lambda uid: representing.accept(user=user, uid=uid), _("They represent you from now on.")),
        "end": (lambda uid: representing.end(user=user, uid=uid), _("They do not represent you.")),
    }
    name = next((name for name in answers if name in request.POST), "")
    if not name:
        raise NotFound
    deed, words = answers[name]
    try:
        deed(_uid_of(request.POST.get(name, "")))
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.detail or problem.title))
    else:
        messages.success(request, words)
    return redirect("trust:organisations")


# -- one organisation
def _invite(user: User, uid: uuid.UUID, data: dict[str, Any]) -> str:
    members.invite_by_email(user=user, uid=uid, **data)
    return _("If somebody here has this address, they hear of it.")


def _withdraw(user: User, uid: uuid.UUID, data: dict[str, Any]) -> str:
    members.withdraw_by_email(user=user, uid=uid, **data)
    return _("If there was an invitation to this address, it is taken back.")


def _rename(user: User, uid: uuid.UUID, data: dict[str, Any]) -> str:
    founding.rename(user=user, uid=uid, **data)
    return _("Renamed.")


def _ask(user: User, uid: uuid.UUID, data: dict[str, Any]) -> str:
    representing.ask(user=user, uid=uid, creator=data["user_id"])
    return _("Asked. You hear when they answer.")


FORMS: dict[str, tuple[type[ProblemForm], Deed]] = {
    "invite": (InviteForm, _invite),
    "withdraw": (AddressForm, _withdraw),
    "rename": (NameForm, _rename),
    "ask": (CreatorForm, _ask),
}


@per_minute("organisations", CHANGES_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def organisation(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """An organisation, for its members. POST does one thing, which its button names."""
    user = user_of(request)
    if request.method != "POST":
        return _organisation_page(request, uid)
    selectors.get_own(user=user, uid=uid)
    if "webhook" in request.POST:
        return _register(request, uid)
    name = next((name for name in FORMS if name in request.POST), "")
    if not name:
        return _deed(request, uid)
    kind, deed = FORMS[name]
    form = kind(request.POST, auto_id=f"{name}_%s")
    try:
        if form.is_valid():
            messages.success(request, deed(user, uid, form.cleaned_data))
            return redirect("trust:organisation", uid)
    except Problem as problem:
        form.add_problem(problem)
    return _organisation_page(request, uid, **{name: form}, status=form.problem.status if form.problem else 422)


def _deed(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """What a button alone says; the value names whom it is about."""
    user, post = user_of(request), request.POST
    back = redirect("trust:organisation", uid)
    try:
        if "close" in post:
            founding.close(user=user, uid=uid)
            back = redirect("trust:organisations")
        elif "leave" in post:
            members.remove(user=user, uid=uid, who=user.uid)
            back = redirect("trust:organisations")
        elif "remove" in post:
            members.remove(user=user, uid=uid, who=_uid_of(post["remove"]))
        elif "change" in post:
            form = RoleForm(post)
            role = form.cleaned_data["role"] if form.is_valid() else ""
            if not role:
                raise NotFound
            members.change_role(user=user, uid=uid, who=_uid_of(post["change"]), role=role)
        elif "end" in post:
            representing.end(user=user, uid=_uid_of(post["end"]))
        else:
            raise NotFound
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.detail or problem.title))
    else:
        messages.success(request, _("Done."))
    return back


def _register(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A new webhook; its secret is on the page that answers, and on no other."""
    form = WebhookForm(request.POST, auto_id="webhook_%s")
    try:
        if form.is_valid():
            made, secret = webhooks.register(user=user_of(request), organisation=uid, **form.cleaned_data)
            return render(request, "moderation/organisations/secret.html", {"webhook": made, "secret": secret})
    except Problem as problem:
        form.add_problem(problem)
    return _organisation_page(request, uid, webhook=form, status=form.problem.status if form.problem else 422)


def _organisation_page(
    request: HttpRequest, uid: uuid.UUID, *, status: int = 200, **forms: ProblemForm
) -> HttpResponse:
    user = user_of(request)
    place = selectors.get_own(user=user, uid=uid)
    owns, manages = place.role == Role.OWNER, place.role in selectors.MANAGERS
    roles = list(Role.choices) if owns else [(Role.MEMBER.value, Role.MEMBER.label)]
    blank: dict[str, ProblemForm] = {
        "invite": InviteForm(auto_id="invite_%s", roles=roles),
        "withdraw": AddressForm(auto_id="withdraw_%s"),
        "rename": NameForm(auto_id="rename_%s", initial={"name": place.organisation.name}),
        "ask": CreatorForm(auto_id="ask_%s"),
        "webhook": WebhookForm(auto_id="webhook_%s"),
    }
    own_hooks = selectors.list_webhooks(user=user).filter(organisation=place.organisation)
    context = {
        "place": place,
        "organisation": place.organisation,
        "owns": owns,
        "manages": manages,
        "roles": roles,
        "members": selectors.show_members(rows=list(selectors.list_members(user=user, uid=uid)[:PEOPLE_SHOWN])),
        "creators": selectors.show_creators(rows=list(selectors.list_creators(user=user, uid=uid)[:PEOPLE_SHOWN])),
        "certificates": selectors.show_certificates(user=user, uid=uid, limit=PEOPLE_SHOWN),
        "webhooks": selectors.count_dead(webhooks=list(own_hooks)),
        "forms": {**blank, **forms},
    }
    return render(request, "moderation/organisations/organisation.html", context, status=status)


# -- one webhook
@per_minute("organisations", CHANGES_PER_MINUTE)
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
@never_cache
def webhook(request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
    """A webhook with what it was told, `?state=`; what was given up stands first. POST changes it or sends again."""
    user = user_of(request)
    found = selectors.get_webhook(user=user, uid=uid)
    form = EventsForm(request.POST if "save" in request.POST else None, initial={"events": found.events})
    if form.is_bound and form.is_valid():
        webhooks.change(user=user, uid=uid, is_active=found.is_active, **form.cleaned_data)
        messages.success(request, _("Your choices are kept."))
        return redirect("trust:webhook", uid)
    if request.method == "POST" and not form.is_bound:
        return _webhook_deed(request, found)
    state = request.GET.get("state", "")
    state = state if state in Delivery.State.values else ""
    rows = selectors.list_deliveries(user=user, webhook=uid, state=state).order_by("state", "-pk")
    context = {"webhook": found, "form": form, "state": state, "rows": list(rows[:DELIVERIES_SHOWN])}
    context |= {"states": Delivery.State.choices, "now": timezone.now()}
    return render(request, "moderation/organisations/webhook.html", context, status=422 if form.is_bound else 200)


def _webhook_deed(request: HttpRequest, found: Webhook) -> HttpResponse:
    user, post = user_of(request), request.POST
    try:
        if "remove" in post:
            webhooks.remove(user=user, uid=found.uid)
            messages.success(request, _("The webhook is gone."))
            return redirect("trust:organisation", found.organisation.uid)
        if "rotate" in post:
            made, secret = webhooks.rotate_secret(user=user, uid=found.uid, at_once="at_once" in post)
            shown = {"webhook": made, "secret": secret, "is_changed": True}
            return render(request, "moderation/organisations/secret.html", shown)
        if "again" in post:
            deliveries.redeliver(user=user, webhook=found.uid, uid=_uid_of(post["again"]))
            messages.success(request, _("It is sent again."))
        elif "pause" in post or "resume" in post:
            webhooks.change(user=user, uid=found.uid, events=found.events, is_active="resume" in post)
            messages.success(request, _("Resumed.") if "resume" in post else _("Paused."))
        else:
            raise NotFound
    except NotFound:
        raise
    except Problem as problem:
        messages.error(request, str(problem.detail or problem.title))
    return redirect("trust:webhook", found.uid)


class DeadDeliveriesPage(StaffPage):
    """What no receiver took for seven days, the newest first. What it told is not shown, nor where exactly it went."""

    permission = STAFF_PERMISSION

    def get(self, request: HttpRequest) -> HttpResponse:
        rows = selectors.show_dead(rows=selectors.list_dead(staff=self.staff)[:DELIVERIES_SHOWN])
        may_resend = self.staff.has_perm(RESEND_PERMISSION)
        return self.show(request, "moderation/organisations/dead.html", {"rows": rows, "may_resend": may_resend})


class ResendPage(StaffPage):
    """POST only: send one of them again."""

    permission = RESEND_PERMISSION
    http_method_names = ["post"]

    def post(self, request: HttpRequest, uid: uuid.UUID) -> HttpResponse:
        client = client_of(request=request)
        try:
            deliveries.resend(staff=self.staff, sign_in=self.sign_in, client=client, uid=uid)
        except NotFound:
            raise
        except Problem as problem:
            messages.error(request, str(problem.title))
        else:
            messages.success(request, _("It is sent again."))
        return redirect("moderation:dead-deliveries")


def _uid_of(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise NotFound from error
