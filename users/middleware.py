from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY as DJANGO_USER_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from pairly.common.sightings import sightings

from . import browser_sessions, selectors
from .constants import LIMITED_HOME, OPEN_TO_ALL, SESSION_KEY
from .services import sessions


class SignInSessionMiddleware:
    """Binds the browser's session to its sign-in: sets `request.user` and `request.sign_in`.

    A browser whose sign-in ended, expired or is unknown is signed out at its next request. Requests without
    a session cookie cost no query.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        _identify(request)
        return self._get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: Any, kwargs: Any
    ) -> HttpResponse | None:
        """A sign-in that is kept to privacy goes no further; the API's own authentication says so there.

        Files, health and the version are the same for everybody and stay open.
        """
        sign_in = browser_sessions.sign_in_of(request=request)
        if sign_in is None or not sign_in.limit or request.path.startswith("/api/"):
            return None
        if getattr(getattr(view, "view_class", None), "open_to_limited", False):
            return None
        if request.resolver_match and request.resolver_match.view_name in OPEN_TO_ALL:
            return None
        return redirect(LIMITED_HOME)


def _identify(request: HttpRequest) -> None:
    browser_sessions.set_sign_in(request=request, sign_in=None)
    request.user = AnonymousUser()
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return
    session = selectors.find_browser_session(store=request.session, limited_too=True)
    if session is not None:
        request.user = session.user
        browser_sessions.set_sign_in(request=request, sign_in=selectors.sign_in_of(session))
        sessions.note_seen(session=session)
        if not session.limit:
            sightings.note(user_id=session.user_id)
    elif SESSION_KEY in request.session or DJANGO_USER_KEY in request.session:
        browser_sessions.detach(request=request)
