"""Who comes in at the doors of staff, and what every page behind them shows.

Staff are active people with `is_staff`; what they may do, their groups say (`users.roles`). All of it needs a strong
second factor in this very sign-in. Who is no staff is told that there is nothing here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views import View
from django.views.decorators.cache import never_cache
from django_stubs_ext import StrOrPromise
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from pairly.common.problems import Forbidden, NotAuthenticated, NotFound, Problem
from users import selectors as people
from users.browser_sessions import sign_in_of
from users.errors import SecondFactorRequired
from users.models import User
from users.requests import user_of
from users.types import SignIn
from users.views import redirect_to_next

from . import selectors
from .constants import EDIT_REASONS
from .types import QueueState


@dataclass(frozen=True, slots=True)
class Link:
    """A page of staff in the navigation; `permission` is "" for what every one of them may open."""

    name: str
    text: StrOrPromise
    permission: str
    icon: str


LINKS = (
    Link("moderation:accounts", _("Accounts"), "users.staff_view_users", "person"),
    Link("moderation:sign-ins", _("Sign-in log"), "users.staff_view_sign_ins", "key"),
    Link("moderation:audit", _("Audit log"), "users.staff_view_audit", "eye"),
    Link("moderation:bans", _("Banned networks"), "users.staff_ban_ips", "shield"),
    Link("moderation:security-analytics", _("Security analytics"), "users.staff_review_risk", "chart"),
    Link("moderation:analytics", _("Analytics"), "users.staff_view_analytics", "chart"),
    Link("moderation:announcements", _("Announcements"), "users.staff_announce", "spark"),
    Link("moderation:money", _("Trial balance"), "users.staff_view_payouts", "wallet"),
    Link("moderation:payments", _("Payments"), "users.staff_view_payouts", "card"),
    Link("moderation:reasons", _("Kept texts"), EDIT_REASONS, "letter"),
    # -- people and invitations
    Link("moderation:people", _("Who works here"), "users.staff_invite", "people"),
    # -- payouts
    Link("moderation:transfers", _("Transfers by hand"), "users.staff_review_payouts", "card"),
    # -- organisations
    Link("moderation:dead-deliveries", _("Webhooks given up"), "users.staff_view_webhooks", "alert"),
    # -- data
    Link("admin:index", _("Data"), "", "search"),
)


@dataclass(frozen=True, slots=True)
class NavigationRow:
    """A link as it is shown; `state` where it leads to a queue."""

    url: str
    text: StrOrPromise
    icon: str
    is_current: bool
    state: QueueState | None = None


def is_staff(user: object) -> bool:
    """Whether somebody works here."""
    return isinstance(user, User) and user.is_active and user.is_staff


@method_decorator(never_cache, name="dispatch")
class StaffPage(View):
    """A page behind the doors of staff. `permission` is what it takes, as "users.staff_view_sign_ins"; "" is none.

    Strangers sign in first; who is no staff gets 404, or what `outsiders` says; staff without a strong factor in this
    sign-in set one up or step up, and come back; staff without the permission get 403.
    """

    permission: str = ""
    outsiders: type[Problem] = NotFound
    staff: User
    sign_in: SignIn

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not isinstance(request.user, User):
            return redirect_to_login(request.get_full_path())
        elsewhere = second_factor_first(request, outsiders=self.outsiders)
        if elsewhere:
            return elsewhere
        if self.permission and not request.user.has_perm(self.permission):
            raise Forbidden
        found = sign_in_of(request=request)
        if found is None:
            raise NotAuthenticated
        self.staff, self.sign_in = request.user, found
        return super().dispatch(request, *args, **kwargs)

    def show(
        self, request: HttpRequest, template: str, context: dict[str, Any] | None = None, *, status: int = 200
    ) -> HttpResponse:
        """Render a template that extends moderation/base.html, with the navigation of this person."""
        states = selectors.list_queue_states(user=self.staff)
        frame = {"staff_links": list_navigation(request=request, user=self.staff, states=states), "states": states}
        return render(request, template, {**frame, **(context or {})}, status=status)


def wants_json(request: HttpRequest) -> bool:
    """Whether a script of the page asks, which puts the answer in itself."""
    return request.headers.get("Accept") == "application/json"


def second_factor_first(request: HttpRequest, *, outsiders: type[Problem] = NotFound) -> HttpResponse | None:
    """Where to send signed-in staff whose sign-in has no strong factor yet; None for who has one.

    Raises `outsiders` for who is no staff.
    """
    user = user_of(request)
    if not is_staff(user):
        raise outsiders
    sign_in = sign_in_of(request=request)
    if sign_in is not None and sign_in.has_strong_factor:
        return None
    page = "users:step-up" if people.list_strong_methods(user=user) else "users:two-factor"
    following = request.get_full_path() if request.method in ("GET", "HEAD") else reverse("moderation:home")
    return redirect_to_next(page, following)


class StaffPermission(BasePermission):
    """The same rule for `admin/*` of the API: 401, 404 for who is no staff, 403 `second_factor_required`, 403
    `forbidden`. A view names what it takes in `staff_permission`, and another answer for outsiders in `outsiders`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        permission = str(getattr(view, "staff_permission", ""))
        refusal = self._refusal(request, permission, getattr(view, "outsiders", NotFound))
        if refusal:
            raise refusal
        return True

    def _refusal(self, request: Request, permission: str, outsiders: type[Problem]) -> Problem | None:
        user = request.user
        if not isinstance(user, User):
            return NotAuthenticated()
        if not is_staff(user):
            return outsiders()
        if not isinstance(request.auth, SignIn) or not request.auth.has_strong_factor:
            return SecondFactorRequired()
        return Forbidden() if permission and not user.has_perm(permission) else None


def list_navigation(*, request: HttpRequest, user: User, states: list[QueueState]) -> list[NavigationRow]:
    """Home, the queues and the pages that `user` may open."""

    def row(url: str, text: StrOrPromise, icon: str, state: QueueState | None = None) -> NavigationRow:
        return NavigationRow(url, text, icon, request.path == url, state)

    queues = [row(reverse("moderation:queue", args=[s.kind.kind]), s.kind.title, s.kind.icon, s) for s in states]
    pages = [
        row(reverse(link.name), link.text, link.icon)
        for link in LINKS
        if not link.permission or user.has_perm(link.permission)
    ]
    return [row(reverse("moderation:home"), _("Work"), "home"), *queues, *pages]
