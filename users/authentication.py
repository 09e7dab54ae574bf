"""Who is asking the API: a bearer token, or the browser's session cookie with CSRF on writes."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.authentication import BaseAuthentication, SessionAuthentication, get_authorization_header
from rest_framework.request import Request

from pairly.common.problems import NotAuthenticated
from pairly.common.sightings import sightings

from . import selectors
from .browser_sessions import sign_in_of
from .errors import Suspended
from .models import User
from .types import SignIn


def _is_open_to_limited(request: Request) -> bool:
    """Whether the view serves people who are suspended or leaving: what is about their own data."""
    return bool(getattr(request.parser_context["view"], "open_to_limited", False))


class AccessTokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <access token>`; one indexed query finds the live sign-in and its user."""

    def authenticate(self, request: Request) -> tuple[User, SignIn] | None:
        parts = get_authorization_header(request).split()
        if not parts or parts[0].lower() != b"bearer":
            return None
        if len(parts) != 2:
            raise NotAuthenticated
        token = parts[1].decode("latin-1")
        user, sign_in = selectors.get_signed_in_user_by_token(token=token, limited_too=True)
        if sign_in.limit and not _is_open_to_limited(request):
            raise Suspended(limit=sign_in.limit)
        if not sign_in.limit:
            sightings.note(user_id=user.pk)
        return user, sign_in

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class CookieSessionAuthentication(SessionAuthentication):
    """The browser session that `SignInSessionMiddleware` found; writes need the CSRF token."""

    def authenticate(self, request: Request) -> tuple[User, SignIn] | None:
        http_request: HttpRequest = request._request
        sign_in = sign_in_of(request=http_request)
        if sign_in is None or not isinstance(http_request.user, User):
            return None
        if sign_in.limit and not _is_open_to_limited(request):
            raise Suspended(limit=sign_in.limit)
        self.enforce_csrf(request)
        return http_request.user, sign_in
