"""Who a request speaks for, for doors that only signed-in people pass."""

from __future__ import annotations

from django.http import HttpRequest
from rest_framework.request import Request

from pairly.common.problems import NotAuthenticated

from .models import User
from .types import SignIn


def user_of(request: HttpRequest | Request) -> User:
    """The signed-in user; raises NotAuthenticated where a door let a stranger through."""
    if not isinstance(request.user, User):
        raise NotAuthenticated()
    return request.user


def find_user_of(request: HttpRequest | Request) -> User | None:
    """The signed-in user, or None for a visitor."""
    return request.user if isinstance(request.user, User) else None


def sign_in_of(request: Request) -> SignIn:
    """The sign-in behind an API request; raises NotAuthenticated."""
    if not isinstance(request.auth, SignIn):
        raise NotAuthenticated()
    return request.auth
