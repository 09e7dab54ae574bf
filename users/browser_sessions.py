"""The tie between Django's session, which a cookie names, and the sign-in it belongs to."""

from __future__ import annotations

from django.contrib import auth
from django.http import HttpRequest

from .constants import SESSION_KEY
from .models import User
from .types import SignIn, StartedSession

_BACKEND = "django.contrib.auth.backends.ModelBackend"
_ATTRIBUTE = "sign_in"


def attach(*, request: HttpRequest, started: StartedSession) -> None:
    """Sign the browser in. The session key and the CSRF token are renewed (no fixation)."""
    auth.login(request, started.user, backend=_BACKEND)
    request.session.cycle_key()  # Django does not when the same person signs in again
    request.session[SESSION_KEY] = str(started.session.pk)
    set_sign_in(request=request, sign_in=SignIn(started.user.uid, started.session.family))


def renew(*, request: HttpRequest, user: User) -> None:
    """Keep the browser signed in after its own change of the password; the session key is renewed."""
    request.session.cycle_key()
    request.session[auth.HASH_SESSION_KEY] = user.get_session_auth_hash()


def detach(*, request: HttpRequest) -> None:
    """Sign the browser out: the Django session is emptied and gets a new key."""
    auth.logout(request)
    set_sign_in(request=request, sign_in=None)


def set_sign_in(*, request: HttpRequest, sign_in: SignIn | None) -> None:
    """`request.sign_in`, our addition to Django's request."""
    setattr(request, _ATTRIBUTE, sign_in)


def sign_in_of(*, request: HttpRequest) -> SignIn | None:
    """The sign-in that `SignInSessionMiddleware` found for a browser."""
    found: SignIn | None = getattr(request, _ATTRIBUTE, None)
    return found
