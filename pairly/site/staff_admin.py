"""Django's admin behind the same doors as `/staff/`: no way in, out or to a password of its own."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from functools import update_wrapper
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, URLResolver
from django.utils.translation import gettext_lazy as _

from moderation.services import trail
from moderation.staff import is_staff, second_factor_first
from pairly.common.own_path import own_path
from pairly.common.problems import NotFound
from security.client_ip import client_of
from security.read_only_admin import ReadOnlyAdmin
from users.browser_sessions import sign_in_of
from users.models import User
from users.requests import user_of
from users.views import SignOutPage

_OWN_WAYS = {"password_change", "password_change_done"}


class StaffAdminSite(AdminSite):
    """Who may come in is decided as for `moderation.staff.StaffPage`. Only pages that nobody writes on are admitted."""

    site_header = _("Pairly data")
    site_title = _("Pairly data")
    index_title = _("Look something up")
    site_url = "/staff/"
    enable_nav_sidebar = False

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Pages of other packages that can write (groups, devices) stay out."""
        if isinstance(admin_class, type) and issubclass(admin_class, ReadOnlyAdmin):
            super().register(model_or_iterable, admin_class, **options)

    def has_permission(self, request: HttpRequest) -> bool:
        """Active staff with a strong second factor in this sign-in."""
        sign_in = sign_in_of(request=request)
        return is_staff(request.user) and sign_in is not None and sign_in.has_strong_factor

    def admin_view(self, view: Callable[..., Any], cacheable: bool = False) -> Any:
        inner = super().admin_view(view, cacheable)

        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            return _to_the_door(request, request.get_full_path()) or inner(request, *args, **kwargs)

        return update_wrapper(guarded, view)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """No second way in: to ours, and from there to where one wanted to go."""
        wanted = own_path(request.GET.get("next")) or "/admin/"
        return _to_the_door(request, wanted) or redirect(wanted)

    def logout(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """Our own signing out: POST only."""
        return SignOutPage.as_view()(request)

    def get_urls(self) -> list[URLPattern | URLResolver]:
        return [url for url in super().get_urls() if getattr(url, "name", None) not in _OWN_WAYS]

    def note_look(
        self, *, request: HttpRequest, action: str, subject_uid: uuid.UUID | None, details: dict[str, str]
    ) -> None:
        """Record a look at data (`security.read_only_admin.RecordingSite`)."""
        sign_in = sign_in_of(request=request)
        if sign_in is None:
            raise NotFound
        trail.note_view(
            staff=user_of(request),
            sign_in=sign_in,
            client=client_of(request=request),
            action=action,
            subject_uid=subject_uid,
            reason=str(_("Looked up in the data")) if subject_uid else "",
            details=details,
        )


def _to_the_door(request: HttpRequest, wanted: str) -> HttpResponse | None:
    """Where who may not come in yet is sent; None for who may. Raises NotFound for who is no staff."""
    if not isinstance(request.user, User):
        return redirect_to_login(wanted)
    return second_factor_first(request)
